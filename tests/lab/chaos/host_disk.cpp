// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/host_disk.h"

#include "lab/command.h"
#include "lab/paths.h"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <sys/statfs.h>
#include <unistd.h>
#include <vector>

namespace dyad::lab {

namespace {

constexpr std::size_t blockBytes = 64 * 1024;
constexpr std::size_t mostBytes = std::size_t{1} << 30; // a disk that holds more than this is not a small one
constexpr long tmpfsMagic = 0x01021994;

std::string fillPath(const std::string& host) { return hostFolder(host) + "/var-lib/filled"; }

} // namespace

Result<void> fillHostDisk(const std::string& host) {
    const std::string path = fillPath(host);
    struct statfs status {};
    if (statfs((hostFolder(host) + "/var-lib").c_str(), &status) != 0 || status.f_type != tmpfsMagic)
        return Error{"fill the disk of", host, "it is no small disk of its own", "Bring the lab up with small disks."};
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) return errno == ENOSPC ? Result<void>() : Error{"fill the disk of", host, errnoText(errno), ""};
    const std::vector<char> block(blockBytes, 'x');
    std::size_t written = 0;
    // Full is when not even a single byte fits any more.
    for (std::size_t size = blockBytes; size > 0 && written < mostBytes;) {
        const ssize_t wrote = write(file, block.data(), size);
        if (wrote > 0)
            written += static_cast<std::size_t>(wrote);
        else
            size /= 2;
    }
    close(file);
    return {};
}

Result<void> emptyHostDisk(const std::string& host) {
    if (unlink(fillPath(host).c_str()) != 0 && errno != ENOENT)
        return Error{"empty the disk of", host, errnoText(errno), ""};
    return {};
}

Result<void> makeMovableClock(const std::string& host) {
    std::ofstream(hostFolder(host) + "/etc/ld.so.preload") << programPath("dyad-lab-clock.so") << '\n';
    return setWallClockOffset(host, Duration(0));
}

Result<void> setWallClockOffset(const std::string& host, Duration offset) {
    const std::string path = hostFolder(host) + "/etc/dyad-lab.clock";
    const std::int64_t nanoseconds = offset.count();
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    const bool well = file >= 0 && pwrite(file, &nanoseconds, sizeof nanoseconds, 0) == sizeof nanoseconds;
    const int reason = errno;
    if (file >= 0) close(file);
    if (!well) return Error{"move the clock of", host, errnoText(reason), ""};
    return {};
}

} // namespace dyad::lab
