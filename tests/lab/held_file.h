// SPDX-License-Identifier: Apache-2.0
// A file that passes everything through to another one by FUSE, and that can hold one write: the way to have a write of
// the old owner in flight inside the array for as long as a test wants. A write is recognised by its first bytes.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <memory>
#include <optional>
#include <string>

namespace dyad::lab {

inline constexpr std::size_t holdMarkBytes = 32;

// Serves `backing` as MOUNT/disk until the process ends. Used by the array's first process only.
class HeldFileServer {
public:
    // Orders are taken on the Unix socket `orders`.
    [[nodiscard]] static Result<std::unique_ptr<HeldFileServer>>
    serve(const std::string& backing, const std::string& mountPoint, const std::string& orders);
    ~HeldFileServer();
    HeldFileServer(const HeldFileServer&) = delete;
    HeldFileServer& operator=(const HeldFileServer&) = delete;

    struct State;

private:
    explicit HeldFileServer(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

// What became of the held write; instants are CLOCK_MONOTONIC.
struct HeldWrite {
    std::optional<Instant> arrived; // at the target's disk
    std::optional<Instant> landed;  // on the disk
};

// Orders to the server, from anywhere on the machine. Each blocks for one answer, well under a second.
[[nodiscard]] Result<void> holdNextWrite(const std::string& mark); // at most holdMarkBytes
[[nodiscard]] Result<void> letHeldWriteGo();
[[nodiscard]] Result<HeldWrite> heldWrite();

} // namespace dyad::lab
