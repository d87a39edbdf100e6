// SPDX-License-Identifier: Apache-2.0
#include "agents/forwarding.h"

#include <cerrno>
#include <fcntl.h>

#include "platform/linux/file_descriptor.h"
#include "platform/linux/system_error.h"

namespace dyad::agents {

Result<bool> needForwarding(bool six, const std::string& root) {
    const std::string file = root + (six ? "/ipv6/conf/all/forwarding" : "/ipv4/ip_forward");
    const std::string setting = six ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
    const std::string remedy =
        "write " + setting + " = 1 into /etc/sysctl.d/dyad-pool.conf and run `sysctl --system`" +
        (six ? "; with a router that announces itself, accept_ra = 2 on that interface too" : "");
    const platform::FileDescriptor look(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    char now = 0;
    if (!look.valid() || ::read(look.get(), &now, 1) != 1)
        return platform::systemError("see whether this host forwards", file, errno, remedy);
    if (now != '0') return false;
    if (six) return Error{"pass connections on to servers", setting, "is 0", remedy};
    const platform::FileDescriptor change(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!change.valid() || ::write(change.get(), "1\n", 2) != 2)
        return platform::systemError("switch forwarding on", file, errno, remedy);
    return true;
}

} // namespace dyad::agents
