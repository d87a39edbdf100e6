// SPDX-License-Identifier: Apache-2.0
#include "lab/host_root.h"

#include "lab/command.h"
#include "lab/paths.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dyad::lab {

namespace fs = std::filesystem;

namespace {

unsigned long flagsOf(unsigned long flags) { return flags; }

class RootBuilder {
public:
    explicit RootBuilder(std::string root) : m_root(std::move(root)) {}

    void tmpfs(const std::string& at, const char* options) {
        makeFolder(at);
        check(::mount("tmpfs", (m_root + at).c_str(), "tmpfs", MS_NOSUID, options), "mount a tmpfs on", at);
    }
    void bind(const std::string& from, const std::string& at, bool readOnly = false, bool recursive = false) {
        makeFolder(at);
        bindOver(from, at, recursive);
        if (readOnly)
            check(::mount(nullptr, (m_root + at).c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr),
                  "make read-only", at);
    }
    void bindOver(const std::string& from, const std::string& at, bool recursive = false) {
        check(::mount(from.c_str(), (m_root + at).c_str(), nullptr,
                      recursive ? flagsOf(MS_BIND) | MS_REC : flagsOf(MS_BIND), nullptr),
              "bind", at);
    }
    void kernel(const char* type, const std::string& at) {
        makeFolder(at);
        check(::mount(type, (m_root + at).c_str(), type, MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "mount", at);
    }
    // Hides a device or a file of the kernel, where there is one.
    void hide(const std::string& at) {
        std::error_code error;
        if (fs::exists(m_root + at, error)) bindOver("/dev/null", at);
    }
    void makeFolder(const std::string& at) {
        std::error_code error;
        fs::create_directories(m_root + at, error);
        if (error && !m_trouble) m_trouble = Error{"make the folder", m_root + at, error.message(), ""};
    }
    void check(int status, const char* tried, const std::string& on) {
        if (status != 0 && !m_trouble) m_trouble = Error{tried, on, errnoText(errno), ""};
    }
    [[nodiscard]] Result<void> outcome() const {
        if (m_trouble) return *m_trouble;
        return {};
    }
    [[nodiscard]] std::string at(const std::string& path) const { return m_root + path; }

private:
    std::string m_root;
    std::optional<Error> m_trouble;
};

std::string freshBootId() {
    std::ifstream source("/proc/sys/kernel/random/uuid"); // a new one at each reading
    std::string id;
    std::getline(source, id);
    return id;
}

} // namespace

Result<void> moveIntoHostRoot(const std::string& host) {
    const std::string disk = hostFolder(host);
    const std::string outer = disk + "/root";
    RootBuilder root(outer + "/" + host);
    if (::mount("tmpfs", outer.c_str(), "tmpfs", MS_NOSUID, "mode=755,size=512m") != 0)
        return Error{"mount a tmpfs on", outer, errnoText(errno), ""};
    root.bind("/usr", "/usr", true);
    for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
        const fs::path original = fs::path("/") / name;
        std::error_code error;
        if (fs::is_symlink(original, error))
            fs::create_symlink(fs::read_symlink(original, error), root.at(original.string()), error);
        else if (fs::is_directory(original, error))
            root.bind(original.string(), original.string(), true);
    }
    root.bind(disk + "/etc", "/etc");
    root.tmpfs("/run", "mode=755,size=64m");
    root.tmpfs("/tmp", "mode=1777,size=256m");
    for (const char* name : {"/var/log", "/var/tmp", "/srv/erp", "/srv/ledger", "/root", "/home", "/mnt"})
        root.makeFolder(name);
    root.bind(disk + "/var-lib", "/var/lib");
    root.kernel("proc", "/proc");
    root.kernel("sysfs", "/sys");
    root.bind("/dev", "/dev", false, true);
    root.check(::mount("tmpfs", root.at("/dev/shm").c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=256m"),
               "mount", "/dev/shm");
    for (const char* path : {"/proc/sysrq-trigger", "/dev/watchdog", "/dev/watchdog0", "/dev/watchdog1"})
        root.hide(path);
    root.bind(programFolder(), programFolder(), true);

    std::ofstream(disk + "/boot_id", std::ios::trunc) << freshBootId() << '\n';
    root.bindOver(disk + "/boot_id", "/proc/sys/kernel/random/boot_id");
    std::error_code error;
    fs::create_symlink("/run", root.at("/var/run"), error);
    root.makeFolder("/run/postgresql");
    ::chmod(root.at("/run/postgresql").c_str(), 01777);
    if (auto built = root.outcome(); !built) return built;

    // The host's root is a folder below the root of its mount namespace: so a path on one host is spelled differently
    // when the other one sees it, as it does with loop devices, which belong to the whole kernel.
    const std::string old = outer + "/old";
    fs::create_directories(old, error);
    if (::syscall(SYS_pivot_root, outer.c_str(), old.c_str()) != 0)
        return Error{"move into the root of", host, errnoText(errno), ""};
    if (::chdir("/") != 0 || ::umount2("/old", MNT_DETACH) != 0)
        return Error{"leave the machine's root behind in", host, errnoText(errno), ""};
    ::rmdir("/old");
    if (::chroot(("/" + host).c_str()) != 0 || ::chdir("/") != 0)
        return Error{"move into the root of", host, errnoText(errno), ""};
    return {};
}

} // namespace dyad::lab
