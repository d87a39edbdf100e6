// SPDX-License-Identifier: Apache-2.0
#include "config/sync/file_tree.h"

#include "config/digest.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace dyad::config {

namespace {

constexpr unsigned maxDepth = 32;

class File {
public:
    explicit File(int number) : m_number(number) {}
    File(File&& other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (m_number >= 0) ::close(m_number);
    }
    [[nodiscard]] int get() const { return m_number; }
    [[nodiscard]] bool valid() const { return m_number >= 0; }

private:
    int m_number;
};

Error diskError(const char* tried, const std::string& path, int number) {
    return Error{tried, path, std::generic_category().message(number) + " (" + std::to_string(number) + ")",
                 number == ELOOP ? "a symbolic link is in the way: name the folder that it leads to"
                                 : "look at the folder's owner, mode and disk"};
}

// openat2(2): the kernel itself refuses every symbolic link on the way.
File openPlainly(const std::string& path, int flags) {
    open_how how{};
    how.flags = static_cast<__u64>(flags) | O_CLOEXEC | O_NOFOLLOW;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return File(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

std::string folderOf(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}
std::string nameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<std::string> readLink(int folder, const std::string& name, const std::string& path) {
    std::string target(4096, '\0');
    const ssize_t got = ::readlinkat(folder, name.c_str(), target.data(), target.size());
    if (got < 0) return diskError("read", path, errno);
    target.resize(static_cast<std::size_t>(got));
    return target;
}

Result<std::string> readBytes(int file, const std::string& path) {
    std::string bytes(maxSyncFileBytes + 1, '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t got = ::read(file, bytes.data() + have, bytes.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return diskError("read", path, errno);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    if (have > maxSyncFileBytes) return Error{"read", path, "it has more than " + std::to_string(maxSyncFileBytes) + " bytes", ""};
    bytes.resize(have);
    return bytes;
}

struct Scan {
    ScannedTree tree;
    std::uint64_t bytes = 0;
    bool tooMuch = false;

    void visit(int folder, const std::string& name, const std::string& path, unsigned depth) {
        struct stat status {};
        if (tooMuch || ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
        const std::string base = nameOf(path);
        if (base.size() > 10 && base.front() == '.' && base.ends_with(".dyad-sync")) return; // ours, of a crash
        if (tree.manifest.size() >= maxSyncEntries || bytes > maxSyncSetBytes) {
            tooMuch = true;
            return;
        }
        SyncEntry entry;
        entry.mode = status.st_mode & 07777;
        entry.user = status.st_uid;
        entry.group = status.st_gid;
        if (S_ISLNK(status.st_mode)) {
            const Result<std::string> target = readLink(folder, name, path);
            if (!target) return leaveOut(target.error().text());
            entry.kind = SyncKind::Link;
            entry.mode = 0;
            entry.digest = digestOf(target.value());
        } else if (S_ISREG(status.st_mode)) {
            if (static_cast<std::uint64_t>(status.st_size) > maxSyncFileBytes)
                return leaveOut(path + " has more than " + std::to_string(maxSyncFileBytes) + " bytes");
            const File file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
            if (!file.valid()) return leaveOut(diskError("read", path, errno).text());
            const Result<std::string> content = readBytes(file.get(), path);
            if (!content) return leaveOut(content.error().text());
            entry.size = content.value().size();
            entry.digest = digestOf(content.value());
            bytes += entry.size;
        } else if (S_ISDIR(status.st_mode)) {
            entry.kind = SyncKind::Folder;
            tree.manifest[path] = entry;
            return enter(folder, name, path, depth);
        } else {
            return leaveOut(path + " is no file, folder or link");
        }
        tree.manifest[path] = entry;
    }

    void enter(int folder, const std::string& name, const std::string& path, unsigned depth) {
        if (depth >= maxDepth) return leaveOut(path + " lies too deep");
        const int number = ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR* list = number < 0 ? nullptr : ::fdopendir(number);
        if (list == nullptr) {
            if (number >= 0) ::close(number);
            return leaveOut(diskError("read", path, errno).text());
        }
        const std::unique_ptr<DIR, int (*)(DIR*)> owner(list, &::closedir);
        while (const dirent* each = ::readdir(list)) {
            const std::string found = each->d_name;
            if (found != "." && found != "..") visit(::dirfd(list), found, path + "/" + found, depth + 1);
        }
    }

    void leaveOut(std::string why) {
        if (tree.leftOut.size() < 20) tree.leftOut.push_back(std::move(why));
    }
};

} // namespace

Result<ScannedTree> scanTree(const std::vector<std::string>& roots) {
    Scan scan;
    for (const std::string& root : roots) {
        const File folder = openPlainly(folderOf(root), O_PATH | O_DIRECTORY);
        if (!folder.valid()) {
            if (errno != ENOENT) scan.leaveOut(diskError("open", folderOf(root), errno).text());
            continue; // not there: nothing to copy
        }
        scan.visit(folder.get(), nameOf(root), root, 0);
    }
    if (scan.tooMuch)
        return Error{"read a file set", roots.front(),
                     "it has more than " + std::to_string(maxSyncEntries) + " entries or " +
                         std::to_string(maxSyncSetBytes) + " bytes",
                     "name fewer files; data belongs on the array"};
    return std::move(scan.tree);
}

Result<std::string> readEntry(const std::string& path, const SyncEntry& entry) {
    if (entry.kind == SyncKind::Folder) return std::string();
    const File folder = openPlainly(folderOf(path), O_PATH | O_DIRECTORY);
    if (!folder.valid()) return diskError("open", folderOf(path), errno);
    Result<std::string> bytes = [&]() -> Result<std::string> {
        if (entry.kind == SyncKind::Link) return readLink(folder.get(), nameOf(path), path);
        const File file(::openat(folder.get(), nameOf(path).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
        if (!file.valid()) return diskError("read", path, errno);
        return readBytes(file.get(), path);
    }();
    if (bytes && digestOf(bytes.value()) != entry.digest)
        return Error{"read", path, "it has just changed", "it is copied the next time"};
    return bytes;
}

Result<void> writeEntry(const std::string& path, const SyncEntry& entry, const std::string& bytes) {
    const File folder = openPlainly(folderOf(path), O_RDONLY | O_DIRECTORY);
    if (!folder.valid()) return diskError("open", folderOf(path), errno);
    const std::string name = nameOf(path);
    const std::string beside = "." + name + ".dyad-sync";
    const auto fail = [&](const char* tried) {
        const int number = errno;
        ::unlinkat(folder.get(), beside.c_str(), 0);
        return diskError(tried, path, number);
    };
    struct stat before {};
    const bool there = ::fstatat(folder.get(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) == 0;

    if (entry.kind == SyncKind::Folder) {
        if (there && !S_ISDIR(before.st_mode) && ::unlinkat(folder.get(), name.c_str(), 0) != 0) return fail("replace");
        if ((!there || !S_ISDIR(before.st_mode)) && ::mkdirat(folder.get(), name.c_str(), 0700) != 0) return fail("make");
        const File made(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!made.valid() || ::fchown(made.get(), entry.user, entry.group) != 0 || ::fchmod(made.get(), entry.mode) != 0)
            return fail("give owner and mode to");
        return {};
    }
    if (there && S_ISDIR(before.st_mode) && ::unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) != 0)
        return fail("replace the folder");
    ::unlinkat(folder.get(), beside.c_str(), 0);
    if (entry.kind == SyncKind::Link) {
        if (::symlinkat(bytes.c_str(), folder.get(), beside.c_str()) != 0 ||
            ::fchownat(folder.get(), beside.c_str(), entry.user, entry.group, AT_SYMLINK_NOFOLLOW) != 0)
            return fail("make the link");
    } else {
        const File file(
            ::openat(folder.get(), beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file.valid()) return fail("write");
        std::string_view rest = bytes;
        while (!rest.empty()) {
            const ssize_t written = ::write(file.get(), rest.data(), rest.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return fail("write");
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        // The owner first: chown(2) takes set-user-id bits away.
        if (::fchown(file.get(), entry.user, entry.group) != 0 || ::fchmod(file.get(), entry.mode) != 0 ||
            ::fsync(file.get()) != 0)
            return fail("write");
    }
    if (::renameat(folder.get(), beside.c_str(), folder.get(), name.c_str()) != 0) return fail("put into place");
    ::fsync(folder.get());
    return {};
}

Result<void> removeEntry(const std::string& path) {
    const File folder = openPlainly(folderOf(path), O_RDONLY | O_DIRECTORY);
    if (!folder.valid()) {
        if (errno == ENOENT) return {};
        return diskError("open", folderOf(path), errno);
    }
    const std::string name = nameOf(path);
    if (::unlinkat(folder.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno == EISDIR || errno == EPERM) {
        if (::unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOTEMPTY || errno == EEXIST) return {};
    }
    return diskError("remove", path, errno);
}

} // namespace dyad::config
