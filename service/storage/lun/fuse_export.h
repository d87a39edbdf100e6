// SPDX-License-Identifier: Apache-2.0
// The LUN as a file for the kernel: a FUSE file system that is nothing but one regular file, served by the thread that
// serves the session. A loop device with direct I/O stands on it. Reads and writes go to `submit` and are answered
// whenever its `done` is called.
#pragma once

#include "base/result.h"
#include "storage/lun/lun_core.h"

#include <functional>
#include <memory>
#include <string>

namespace dyad::storage {

inline constexpr unsigned maxFuseBackground = 64; // requests that the kernel sends without waiting for answers
inline constexpr unsigned maxFuseBatch = 64;      // taken in one round of the event loop

class FuseExport {
public:
    FuseExport();
    ~FuseExport(); // detaches; open files get ENOTCONN
    FuseExport(const FuseExport&) = delete;
    FuseExport& operator=(const FuseExport&) = delete;

    std::function<void(DataRequest)> submit;

    // Makes `file` (an empty regular file) if need be, detaches what a dead predecessor left mounted on it, and mounts.
    // Error: the mount was refused, with its errno. Doesn't wait for anything that the mount would have to answer.
    [[nodiscard]] Result<void> mount(const std::string& file, std::uint64_t sizeBytes, std::uint32_t blockBytes);

    [[nodiscard]] int descriptor() const; // -1 while not mounted
    // Takes waiting requests. False: the kernel has ended the connection (unmounted or aborted).
    [[nodiscard]] bool service();
    [[nodiscard]] bool inUse() const; // somebody has the file open

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

} // namespace dyad::storage
