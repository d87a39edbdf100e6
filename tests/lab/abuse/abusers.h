// SPDX-License-Identifier: Apache-2.0
// Clients that nobody wants, against one control server, from the client's place on the public network: each kind in a
// thread of its own, as fast as the server lets it. They run at the lowest priority: a real attacker doesn't borrow the
// processor of the host that it attacks.
#pragma once

#include "base/result.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace dyad::lab {

enum class Abuse {
    BrokenTls,       // garbage, half handshakes, plain HTTP
    IdleConnections, // 10,000 connections that say nothing, opened again as soon as they are closed
    HugeBody,        // bodies of 1 GB, announced and sent
    SlowReader,      // event streams and pages of the journal that are never read
    MalformedJson,   // orders that make no sense, with a good token
    WrongTokens,     // guesses, on connections that are kept
};
inline constexpr Abuse allAbuses[] = {Abuse::BrokenTls,  Abuse::IdleConnections, Abuse::HugeBody,
                                      Abuse::SlowReader, Abuse::MalformedJson,   Abuse::WrongTokens};
[[nodiscard]] const char* toText(Abuse abuse);

struct AbuseCounts {
    std::atomic<std::uint64_t> connections{0}; // that TCP let in
    std::atomic<std::uint64_t> requests{0};    // that were sent to their end, or as far as was taken
    std::atomic<std::uint64_t> megabytes{0};   // sent
};

class Abusers {
public:
    static constexpr std::size_t idleConnections = 10000;

    // `token`: a good one, of the role operator or admin. Starts at once.
    Abusers(std::string address, std::uint16_t port, std::string token, const std::vector<Abuse>& kinds);
    ~Abusers(); // stops; blocks for a second at most
    Abusers(const Abusers&) = delete;
    Abusers& operator=(const Abusers&) = delete;

    [[nodiscard]] const AbuseCounts& counts(Abuse abuse) const { return *m_counts[static_cast<std::size_t>(abuse)]; }

private:
    struct Target;
    std::unique_ptr<Target> m_target;
    std::vector<std::unique_ptr<AbuseCounts>> m_counts;
    std::vector<std::thread> m_threads;
};

} // namespace dyad::lab
