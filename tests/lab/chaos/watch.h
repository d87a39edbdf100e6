// SPDX-License-Identifier: Apache-2.0
// Looks at both hosts many times a second, whatever else goes on: who has the floating address.
#pragma once

#include "base/time.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace dyad::lab {

class AddressWatch {
public:
    // `cannotAct` tells whether a host stands still on purpose; called from the watch's thread.
    explicit AddressWatch(std::function<bool(const std::string& host)> cannotAct);
    ~AddressWatch();
    AddressWatch(const AddressWatch&) = delete;
    AddressWatch& operator=(const AddressWatch&) = delete;

    // The longest time since the last restart() for which both hosts had it while both could act.
    [[nodiscard]] Duration longestDouble() const;
    // The largest distance between two looks: what happened in between is not known.
    [[nodiscard]] Duration blindest() const;
    [[nodiscard]] std::string lastOwner() const;
    void restart();

private:
    void run();

    std::function<bool(const std::string&)> m_cannotAct;
    mutable std::mutex m_mutex;
    Duration m_longest{0};
    Duration m_blindest{0};
    std::string m_owner = "alpha";
    std::atomic<bool> m_stop = false;
    std::thread m_thread;
};

} // namespace dyad::lab
