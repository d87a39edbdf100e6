// SPDX-License-Identifier: Apache-2.0
// The service's end of the heart. No call blocks, none needs an event loop: two descriptors say when to look.
#pragma once

#include "base/result.h"
#include "heart/board.h"
#include "heart/report.h"
#include "heart/settings.h"

#include <optional>
#include <string>

namespace dyad::heart {

class Client {
public:
    Client(std::string runDirectory, Settings settings);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client(); // the heart then tells the peer that the service is dead

    // Joins the heart that runs with just these settings. Fails while there is none, or it is only just beginning, or
    // another service is with it; then it may be called again.
    [[nodiscard]] Result<void> connect();
    void disconnect();
    [[nodiscard]] bool connected() const { return m_board.has_value(); }

    // Valid while connected. Readable: call drain().
    [[nodiscard]] int wakeDescriptor() const { return m_socket; }
    // Readable: the heart has ended.
    [[nodiscard]] int processDescriptor() const { return m_process; }
    [[nodiscard]] ProcessIdentity process() const;

    enum class Drained { Nothing, Changed, Closed };
    // Takes all that waits. Changed: look at report(). Closed: the heart has let go of us (it ended, or serves
    // another).
    Drained drain();

    // Nothing while not connected, or when the heart was stopped in the middle of writing.
    [[nodiscard]] std::optional<Report> report() const;
    // False: not connected, nothing was published.
    bool publish(const model::NodeStatus& status);
    // What this or an earlier service published last through this heart, taken when connect() succeeded.
    [[nodiscard]] const std::optional<model::NodeStatus>& previousStatus() const { return m_previous; }

private:
    std::string m_runDirectory;
    Settings m_settings;
    std::optional<Board> m_board;
    std::optional<model::NodeStatus> m_previous;
    std::uint64_t m_published = 0;
    int m_socket = -1;
    int m_process = -1;
};

} // namespace dyad::heart
