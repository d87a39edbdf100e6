// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem/loop_device.h"

#include "platform/linux/system_error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace dyad::storage {

Result<LoopDevice> attachLoopDevice(const std::string& file, std::uint32_t blockBytes) {
    const platform::FileDescriptor backing(::open(file.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC));
    if (!backing.valid()) return platform::systemError("open the LUN's file", file, errno);
    const platform::FileDescriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    if (!control.valid())
        return platform::systemError("open", "/dev/loop-control", errno, "The kernel's loop module is needed.");
    for (unsigned i = 0; i < maxLoopTries; ++i) {
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0) return platform::systemError("get a free loop device", {}, errno);
        LoopDevice device;
        device.path = "/dev/loop" + std::to_string(number);
        device.descriptor.reset(::open(device.path.c_str(), O_RDWR | O_CLOEXEC));
        if (!device.descriptor.valid() && errno == ENOENT) {
            // Hosts without udev don't get the node by themselves; loop devices have major number 7.
            ::mknod(device.path.c_str(), S_IFBLK | 0600, makedev(7, static_cast<unsigned>(number)));
            device.descriptor.reset(::open(device.path.c_str(), O_RDWR | O_CLOEXEC));
        }
        if (!device.descriptor.valid()) {
            if (errno == EBUSY || errno == ENXIO) continue;
            return platform::systemError("open", device.path, errno);
        }
        loop_config configuration{};
        configuration.fd = static_cast<__u32>(backing.get());
        configuration.block_size = blockBytes;
        configuration.info.lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_AUTOCLEAR;
        std::strncpy(reinterpret_cast<char*>(configuration.info.lo_file_name), file.c_str(), LO_NAME_SIZE - 1);
        if (::ioctl(device.descriptor.get(), LOOP_CONFIGURE, &configuration) == 0) return device;
        if (errno != EBUSY) return platform::systemError("attach " + file + " to", device.path, errno);
    }
    return Error{"get a free loop device", {}, "others took each of " + std::to_string(maxLoopTries) + " first", {}};
}

} // namespace dyad::storage
