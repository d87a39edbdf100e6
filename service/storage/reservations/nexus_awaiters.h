// SPDX-License-Identifier: Apache-2.0
// co_await for the three things that a procedure waits for.
#pragma once

#include "storage/reservations/nexus.h"

#include <coroutine>

namespace dyad::storage {

// The answer may come from within the call or later; either way the procedure goes on just once.
template <typename Value>
class NexusAwaiter {
public:
    explicit NexusAwaiter(std::function<void(std::function<void(Value)>)> begin) : m_begin(std::move(begin)) {}

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> procedure) {
        m_begin([this, procedure](Value value) {
            m_value = std::move(value);
            m_finished = true;
            if (m_suspended) procedure.resume();
        });
        if (m_finished) return false;
        m_suspended = true;
        return true;
    }
    Value await_resume() { return std::move(m_value); }

private:
    std::function<void(std::function<void(Value)>)> m_begin;
    Value m_value{};
    bool m_finished = false;
    bool m_suspended = false;
};

inline NexusAwaiter<ScsiReply> executeOn(Nexus& nexus, const ScsiCommand& command, Instant deadline) {
    return NexusAwaiter<ScsiReply>(
        [&nexus, command, deadline](Nexus::Done done) { nexus.execute(command, deadline, std::move(done)); });
}
inline NexusAwaiter<ScsiReply> resetOn(Nexus& nexus, Instant deadline) {
    return NexusAwaiter<ScsiReply>([&nexus, deadline](Nexus::Done done) { nexus.resetLun(deadline, std::move(done)); });
}
inline NexusAwaiter<bool> pauseOn(Nexus& nexus, Duration duration) {
    return NexusAwaiter<bool>([&nexus, duration](std::function<void(bool)> done) {
        nexus.pause(duration, [done = std::move(done)] { done(true); });
    });
}

} // namespace dyad::storage
