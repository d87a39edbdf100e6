// SPDX-License-Identifier: Apache-2.0
// The operator of a campaign: gives orders with `dyad` on a host, at any time, without waiting for what becomes of
// them; and repairs what only an administrator can repair.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace dyad::lab {

class OrderDesk {
public:
    OrderDesk() = default;
    ~OrderDesk(); // waits for the answers, each of which has a deadline
    OrderDesk(const OrderDesk&) = delete;
    OrderDesk& operator=(const OrderDesk&) = delete;

    // Gives `dyad WORDS` on the host from a thread of its own.
    void give(const std::string& host, const std::vector<std::string>& words);
    // The same with any program: for what may hang because the disk does.
    void runProgram(const std::string& host, const std::vector<std::string>& command, Duration deadline);
    // What was answered since the last call, one line each.
    [[nodiscard]] std::vector<std::string> answers();
    void waitForAnswers();

private:
    void note(const std::string& line);
    std::mutex m_mutex;
    std::vector<std::string> m_answers;
    std::vector<std::thread> m_threads;
};

} // namespace dyad::lab
