// SPDX-License-Identifier: Apache-2.0
#include "bench/address_probe.h"

#include "lab/host.h"
#include "lab/namespaces.h"
#include "lab/network.h"
#include "lab/responder.h"

#include <arpa/inet.h>
#include <atomic>
#include <cstring>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace dyad::bench {

using namespace dyad::lab;

namespace {
constexpr int periodMs = 5;
}

struct AddressProbe::State {
    std::atomic<bool> stop = false;
    mutable std::mutex mutex;
    Instant last;
    Instant lastAskedAt; // when the question was asked that `last` answers
    Duration longest{0};
    std::thread thread;

    void run();
};

AddressProbe::AddressProbe() : m_state(std::make_unique<State>()) {}
AddressProbe::~AddressProbe() {
    m_state->stop = true;
    if (m_state->thread.joinable()) m_state->thread.join();
}

void AddressProbe::State::run() {
    const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(responderPort);
    inet_pton(AF_INET, floatingAddress, &to.sin_addr);
    while (!stop) {
        const std::int64_t asked = monotonicNow().nanoseconds();
        [[maybe_unused]] const auto sent =
            sendto(handle, &asked, sizeof asked, MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), sizeof to);
        const Instant until = Instant::fromNanoseconds(asked) + std::chrono::milliseconds(periodMs);
        for (Duration left = until - monotonicNow(); left > 0ms; left = until - monotonicNow()) {
            pollfd readable{handle, POLLIN, 0};
            const timespec timeout{0, static_cast<long>(left.count())};
            if (ppoll(&readable, 1, &timeout, nullptr) <= 0) continue;
            char answer[128];
            const auto got = recv(handle, answer, sizeof answer, 0);
            if (got < static_cast<ssize_t>(sizeof asked)) continue; // also an ICMP refusal
            std::int64_t answered = 0;
            std::memcpy(&answered, answer, sizeof answered);
            const Instant now = monotonicNow();
            const std::lock_guard lock(mutex);
            if (last != Instant()) longest = std::max(longest, now - last);
            last = now;
            lastAskedAt = Instant::fromNanoseconds(answered);
        }
    }
    close(handle);
}

Result<void> AddressProbe::start() {
    std::atomic<int> entered = 0;
    std::optional<Error> trouble;
    m_state->thread = std::thread([&, state = m_state.get()] {
        if (auto inside = enterNetwork("client"); !inside) {
            trouble = inside.error();
            entered = -1;
            return;
        }
        entered = 1;
        state->run();
    });
    while (entered == 0)
        std::this_thread::sleep_for(1ms);
    if (trouble) return *trouble;
    return {};
}

void AddressProbe::restartGap() {
    const std::lock_guard lock(m_state->mutex);
    m_state->longest = Duration(0);
}

Duration AddressProbe::longestGap() const {
    const std::lock_guard lock(m_state->mutex);
    return m_state->longest;
}

Instant AddressProbe::lastAnswer() const {
    const std::lock_guard lock(m_state->mutex);
    return m_state->last;
}

bool AddressProbe::waitForAnswer(Duration deadline) const {
    const Instant began = monotonicNow();
    while (monotonicNow() - began < deadline) {
        {
            const std::lock_guard lock(m_state->mutex);
            if (m_state->lastAskedAt > began) return true;
        }
        std::this_thread::sleep_for(2ms);
    }
    return false;
}

} // namespace dyad::bench
