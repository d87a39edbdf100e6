// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem/mount_command.h"

#include "base/time.h"
#include "platform/linux/monotonic_clock.h"
#include "platform/linux/system_error.h"
#include "storage/filesystem/holders.h"
#include "storage/filesystem/loop_device.h"
#include "storage/filesystem/mount_table.h"
#include "storage/filesystem/superblock.h"

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <spawn.h>
#include <sstream>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace dyad::storage {
namespace {

using platform::monotonicNow;

constexpr Duration detachPatience = 3s; // until the loop device must be free after an unmount
constexpr Duration detachLook = 2ms;
constexpr Duration openPatience = 300ms; // forced: until whoever has the loop device itself open is killed
constexpr unsigned maxUnmounts = 64;     // of one after another at the same place
constexpr unsigned maxBusyRounds = 2;    // orderly: who has just ended may still be on its way out
constexpr unsigned maxKillRounds = 20;   // SIGKILL to whoever holds the mount, and unmount again
constexpr Duration killLook = 25ms;

int end(int code, const std::string& detail) {
    std::printf("detail %s\n", detail.c_str());
    std::fflush(stdout);
    return code;
}

void progress(const std::string& text) {
    std::printf("progress %s\n", text.c_str());
    std::fflush(stdout);
}

// Reads the beginning of the device around the page cache.
Result<FoundFilesystem> lookAt(const std::string& device) {
    const platform::FileDescriptor file(::open(device.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
    if (!file.valid()) return platform::systemError("open", device, errno);
    const std::unique_ptr<std::uint8_t, decltype(&std::free)> bytes(
        static_cast<std::uint8_t*>(std::aligned_alloc(4096, superblockBytes)), &std::free);
    const ssize_t got = ::pread(file.get(), bytes.get(), superblockBytes, 0);
    if (got < 0) return platform::systemError("read the beginning of the LUN", device, errno);
    return findFilesystem({bytes.get(), static_cast<std::size_t>(got)});
}

// The exit code of e2fsck (fsck(8): a bit mask), or -1 where it couldn't be run.
int runCheck(const std::string& device) {
    std::array<char*, 4> arguments{const_cast<char*>("e2fsck"), const_cast<char*>("-p"),
                                   const_cast<char*>(device.c_str()), nullptr};
    std::array<char*, 2> environment{const_cast<char*>("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    int status = 0;
    const bool ran =
        ::posix_spawn(&pid, "/sbin/e2fsck", &actions, nullptr, arguments.data(), environment.data()) == 0 &&
        ::waitpid(pid, &status, 0) == pid;
    posix_spawn_file_actions_destroy(&actions);
    return ran && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string checkFilesystem(const std::string& device) {
    progress("fsck runs, because the filesystem says so");
    const Instant begun = monotonicNow();
    const int code = runCheck(device);
    if (code < 0) return "e2fsck could not be run; install e2fsprogs";
    // 1: errors were corrected; 2: a reboot is asked for, which only means a mounted root.
    if ((code & ~3) != 0)
        return "e2fsck -p ended with " + std::to_string(code) + ": run e2fsck by hand while this node holds the LUN";
    progress("fsck took " + dyad::toText(monotonicNow() - begun));
    return {};
}

Result<void> prepareMountPoint(const std::string& path) {
    if (const auto mounted = mountedAt(path))
        return Error{"mount on", path, mounted->type + " of " + mounted->source + " is mounted there", "Unmount it."};
    std::string part;
    for (std::size_t at = 1; at != std::string::npos;) {
        at = path.find('/', at + 1);
        part = path.substr(0, at);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST)
            return platform::systemError("make the mount point", part, errno);
    }
    struct stat attributes {};
    if (::stat(path.c_str(), &attributes) != 0) return platform::systemError("look at the mount point", path, errno);
    if (!S_ISDIR(attributes.st_mode)) return Error{"mount on", path, "it is no folder", {}};
    // The kernel lists a mount under its real path; one that is written in another way would never be found again.
    char real[PATH_MAX];
    if (::realpath(path.c_str(), real) == nullptr) return platform::systemError("look at the mount point", path, errno);
    if (path != real)
        return Error{"mount on", path, "the path leads to " + std::string(real),
                     "Write mount = \"" + std::string(real) + "\"."};
    return {};
}

int mountIt(const std::vector<std::string>& words) {
    const std::string& file = words[1];
    const std::string& record = words[2];
    const auto blockBytes = static_cast<std::uint32_t>(std::strtoul(words[3].c_str(), nullptr, 10));
    const std::uint64_t minimumBytes = std::strtoull(words[4].c_str(), nullptr, 10);
    const std::string& point = words[5];
    const std::string& type = words[6];
    const MountOptions options = parseMountOptions(words[7]);

    if (const Result<void> prepared = prepareMountPoint(point); !prepared)
        return end(mountExitFailed, prepared.error().text());
    struct stat attributes {};
    if (::stat(file.c_str(), &attributes) != 0)
        return end(mountExitFailed, platform::systemError("look at the LUN's file", file, errno).text());
    if (static_cast<std::uint64_t>(attributes.st_size) < minimumBytes)
        return end(mountExitFailed, "the LUN is too small: it has " + std::to_string(attributes.st_size) +
                                        " bytes, dyad.toml wants at least " + std::to_string(minimumBytes));
    Result<LoopDevice> loop = attachLoopDevice(file, blockBytes);
    if (!loop) return end(mountExitFailed, loop.error().text());
    const std::string device = loop.value().path;
    if (!writeLoopRecord(record, recordOf(device)))
        return end(mountExitFailed, platform::systemError("write", record, errno).text());
    const Result<FoundFilesystem> found = lookAt(device);
    if (!found) return end(mountExitFailed, found.error().text());
    if (found.value().type.empty())
        return end(mountExitFailed,
                   std::string(found.value().empty ? "the LUN is blank" : "no filesystem is on the LUN") +
                       ": make one with mkfs." + type + " while this node holds the LUN");
    if (found.value().type != type)
        return end(mountExitFailed, "wrong filesystem: found " + found.value().type + ", dyad.toml says " + type);
    bool checked = false;
    if (found.value().hasErrors) {
        if (const std::string trouble = checkFilesystem(device); !trouble.empty()) return end(mountExitFailed, trouble);
        checked = true;
    }
    const Instant begun = monotonicNow();
    int result = ::mount(device.c_str(), point.c_str(), type.c_str(), options.flags, options.data.c_str());
    int number = result == 0 ? 0 : errno;
    if (result != 0 && (number == EUCLEAN || number == EBADMSG || number == EIO) && type == "ext4" && !checked) {
        if (const std::string trouble = checkFilesystem(device); !trouble.empty()) return end(mountExitFailed, trouble);
        result = ::mount(device.c_str(), point.c_str(), type.c_str(), options.flags, options.data.c_str());
        number = result == 0 ? 0 : errno;
    }
    if (result != 0) {
        std::string remedy;
        if (number == EUCLEAN && type == "xfs") remedy = ". Run xfs_repair by hand while this node holds the LUN";
        if (number == EINVAL) remedy = ". Look at the options ('" + words[7] + "') and at the kernel's log";
        return end(mountExitFailed, "mount " + type + " on " + point + ": " + errnoText(number) + remedy);
    }
    const std::string took = dyad::toText(monotonicNow() - begun);
    return end(mountExitGood,
               found.value().needsRecovery && !checked ? "mounted, journal replayed in " + took : "mounted in " + took);
}

// The end of everything that stands on the LUN's file. The superblock is gone when the loop device is: a copy of the
// mount in another namespace, or a process in the middle of something, keeps it. So it is not enough to look at the
// mount once: a helper that an earlier life of the service started may be just about to finish its own.
class Unmount {
public:
    Unmount(LoopRecord record, std::string point, bool force)
        : m_record(std::move(record)), m_device(loopNumber(m_record.device)), m_point(std::move(point)), m_force(force),
          m_freeSince(monotonicNow()) {}

    int run() {
        const Instant begun = monotonicNow();
        while (loopAlive(m_record)) {
            const auto mounted = mountedAt(m_point);
            const bool ours = mounted && mounted->source == m_record.device;
            if (ours) m_device = {mounted->major, mounted->minor};
            const std::optional<int> failed = ours ? tryUnmount() : waitForDevice();
            if (failed) return *failed;
        }
        return end(mountExitGood, "unmounted in " + dyad::toText(monotonicNow() - begun));
    }

private:
    std::optional<int> tryUnmount() {
        if (m_unmounts >= maxUnmounts)
            return end(mountExitFailed, "unmount " + m_point + ": it is mounted again and again");
        if (::umount2(m_point.c_str(), UMOUNT_NOFOLLOW) == 0) return unmounted();
        const int number = errno;
        // EINVAL: it has gone since the look.
        if (number == EINVAL && ++m_unmounts < maxUnmounts) return std::nullopt;
        if (number != EBUSY) return end(mountExitFailed, "unmount " + m_point + ": " + errnoText(number));
        const std::vector<Holder> holders = findHolders(m_point, m_device);
        ++m_busyRounds;
        if (!m_force) {
            if (m_busyRounds > maxBusyRounds)
                return end(mountExitBusy, "unmount " + m_point + ": in use by " +
                                              (holders.empty() ? "something in the kernel" : toText(holders)));
        } else if (m_busyRounds > maxKillRounds) {
            // Nobody new can reach it from here on; whether it is really gone is seen by the device.
            if (::umount2(m_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
                return end(mountExitFailed, "unmount " + m_point + ": " + errnoText(errno));
            return unmounted();
        } else {
            killThem(holders);
        }
        std::this_thread::sleep_for(killLook);
        return std::nullopt;
    }

    std::optional<int> unmounted() {
        ++m_unmounts;
        m_freeSince = monotonicNow();
        return std::nullopt;
    }

    std::optional<int> waitForDevice() {
        const Duration waited = monotonicNow() - m_freeSince;
        if (waited >= detachPatience) {
            const std::vector<Holder> holders = holdersOfDevice();
            return end(mountExitFailed, "the filesystem of " + m_point +
                                            " is still alive in the kernel: another mount namespace or a stuck "
                                            "process holds it (" +
                                            (holders.empty() ? "none is seen from here" : toText(holders)) + ")");
        }
        // A mount or a check that is still under way; a copy of the mount. Those who only look at a new disk are gone
        // by then.
        if (m_force && waited >= openPatience && !m_openersKilled) {
            m_openersKilled = true;
            killThem(holdersOfDevice());
        }
        std::this_thread::sleep_for(detachLook);
        return std::nullopt;
    }

    // Here the path leads elsewhere by now: what is found by it is in other mount namespaces.
    std::vector<Holder> holdersOfDevice() const {
        std::vector<Holder> holders = findHolders(m_point, m_device);
        for (Holder& each : findOpeners(m_record.device))
            holders.push_back(std::move(each));
        return holders;
    }

    static void killThem(const std::vector<Holder>& holders) {
        std::vector<Holder> killed;
        for (const Holder& each : holders)
            if (!each.spared && ::kill(each.pid, SIGKILL) == 0) killed.push_back(each);
        if (!killed.empty()) progress("killed " + toText(killed));
    }

    LoopRecord m_record;
    DeviceNumber m_device; // of the filesystem
    std::string m_point;
    bool m_force;
    bool m_openersKilled = false;
    unsigned m_busyRounds = 0;
    unsigned m_unmounts = 0;
    Instant m_freeSince; // nothing of ours has been mounted since
};

int unmountIt(const std::vector<std::string>& words) {
    const std::optional<LoopRecord> record = readLoopRecord(words[1]);
    if (!record || !loopAlive(*record)) return end(mountExitGood, "was not mounted");
    return Unmount(*record, words[2], words[3] == "force").run();
}

} // namespace

MountOptions parseMountOptions(const std::string& words) {
    struct Flag {
        const char* word;
        unsigned long set;
        unsigned long clear;
    };
    constexpr Flag flags[] = {
        {"defaults", 0, 0},
        {"ro", MS_RDONLY, 0},
        {"rw", 0, MS_RDONLY},
        {"nosuid", MS_NOSUID, 0},
        {"suid", 0, MS_NOSUID},
        {"nodev", MS_NODEV, 0},
        {"dev", 0, MS_NODEV},
        {"noexec", MS_NOEXEC, 0},
        {"exec", 0, MS_NOEXEC},
        {"sync", MS_SYNCHRONOUS, 0},
        {"async", 0, MS_SYNCHRONOUS},
        {"dirsync", MS_DIRSYNC, 0},
        {"noatime", MS_NOATIME, 0},
        {"atime", 0, MS_NOATIME},
        {"nodiratime", MS_NODIRATIME, 0},
        {"relatime", MS_RELATIME, 0},
        {"strictatime", MS_STRICTATIME, 0},
        {"lazytime", MS_LAZYTIME, 0},
    };
    MountOptions options;
    std::istringstream list(words);
    for (std::string word; std::getline(list, word, ',');) {
        bool known = word.empty();
        for (const Flag& each : flags) {
            if (word != each.word) continue;
            options.flags = (options.flags | each.set) & ~each.clear;
            known = true;
        }
        if (!known) options.data += (options.data.empty() ? "" : ",") + word;
    }
    return options;
}

int runMountCommand(const std::vector<std::string>& arguments) {
    if (arguments.size() == 8 && arguments[0] == "mount") return mountIt(arguments);
    if (arguments.size() == 4 && arguments[0] == "unmount") return unmountIt(arguments);
    std::fprintf(stderr, "dyad-lun: unknown command '%s'\n", arguments.empty() ? "" : arguments[0].c_str());
    return mountExitUsage;
}

} // namespace dyad::storage
