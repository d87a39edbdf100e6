// SPDX-License-Identifier: Apache-2.0
#include "daemon/instance_lock.h"

#include "platform/linux/system_error.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace dyad::daemon {

Result<InstanceLock> InstanceLock::take(const std::string& path) {
    platform::FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) return platform::systemError("open the lock", path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        char holder[32] = {};
        const ssize_t length = ::pread(file.get(), holder, sizeof holder - 1, 0);
        return Error{"start the service", path,
                     "dyadd runs already" + (length > 0 ? " as process " + std::string(holder) : std::string()),
                     "stop that one first; to look at it use `dyad status`"};
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(file.get(), 0) != 0 ||
        ::pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        return platform::systemError("write the lock", path, errno);
    return InstanceLock(std::move(file));
}

} // namespace dyad::daemon
