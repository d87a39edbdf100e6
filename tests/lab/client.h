// SPDX-License-Identifier: Apache-2.0
// The customer: commits one row per transaction through the floating address, as fast as it can on a few connections,
// and remembers every row that was acknowledged. One of the connections is the probe: it asks every 5 ms, and after
// 100 ms of silence it tries a new connection every 10 ms beside the old one.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dyad::lab {

struct ClientSettings {
    unsigned loadConnections = 3; // beside the probe
    bool fullSpeed = true;        // false: the probe alone
};

// The largest distance between two acknowledged rows, of all connections, since the last call of restartGap().
struct ClientGap {
    Duration longest{0};
    Instant from;              // the acknowledgement before
    Instant to;                // and the first one after
    Duration worstLateness{0}; // of the probe's own timer: how far the figure can be trusted
};

struct LedgerVerdict {
    std::uint64_t acknowledged = 0;     // rows that the client was told are stored, when the check began
    std::uint64_t found = 0;            // of these, in the database
    std::uint64_t duplicates = 0;       // rows stored more than once
    std::vector<std::uint64_t> missing; // at most maxMissingShown
    [[nodiscard]] bool holds() const { return found == acknowledged && duplicates == 0; }
};
inline constexpr std::size_t maxMissingShown = 20;

class Client {
public:
    explicit Client(const ClientSettings& settings);
    ~Client(); // stops the thread
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Starts the thread that lives in the client's namespace.
    [[nodiscard]] Result<void> start();
    [[nodiscard]] std::uint64_t acknowledged() const;
    [[nodiscard]] Instant lastAcknowledgement() const;
    // False: not within the deadline. Blocks until a row that was sent after the call has been acknowledged.
    [[nodiscard]] bool waitForNewRow(Duration deadline) const;
    void restartGap();
    [[nodiscard]] ClientGap gap() const; // counts a silence that still lasts, too
    // Every row that is acknowledged now has at most this number (later ones may be acknowledged with a lower one).
    [[nodiscard]] std::uint64_t acknowledgedUpTo() const;
    // Reads every row beyond number `after` back through the floating address. Blocks; the load goes on meanwhile.
    [[nodiscard]] Result<LedgerVerdict> verify(std::uint64_t after = 0) const;

    struct State;

private:
    std::unique_ptr<State> m_state;
};

} // namespace dyad::lab
