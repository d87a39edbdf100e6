// SPDX-License-Identifier: Apache-2.0
#include "network/alias/hosts_file.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <sys/stat.h>

#include "base/errno_text.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::network {

namespace {

constexpr std::string_view hostsMark = "# dyad alias ";
constexpr const char* hostsHint = " begin (kept by dyadd; remove the alias from dyad.toml to be rid of it)";
constexpr const char* triedHosts = "keep the alias in";
constexpr int hostsAttempts = 3; // where somebody else writes at the same moment

using HostsEdit = std::function<Result<std::string>(std::string_view)>;

// Which of our marks this line is: "begin" or "end", and whose.
struct HostsMark {
    std::string label;
    bool begin = false;
};
std::optional<HostsMark> hostsMarkOf(std::string_view line) {
    if (!line.starts_with(hostsMark)) return {};
    line.remove_prefix(hostsMark.size());
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return {};
    const std::string_view rest = line.substr(blank + 1);
    const bool begin = rest == "begin" || rest.starts_with("begin ");
    if (!begin && rest != "end") return {};
    return HostsMark{std::string(line.substr(0, blank)), begin};
}

std::string hostsText(const HostsBlock& block) {
    std::string text = std::string(hostsMark) + block.label + hostsHint + "\n";
    for (const std::string& line : block.lines)
        text += line + "\n";
    return text + std::string(hostsMark) + block.label + " end\n";
}

// Goes through the text line by line; for each of our blocks `replacement` says what stands in its place.
Result<std::string> withHostsBlocks(std::string_view text,
                                    const std::function<std::optional<std::string>(const std::string&)>& replacement) {
    std::string result;
    std::optional<std::string> inside;
    std::string block;
    unsigned number = 0;
    unsigned began = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        const std::string_view whole = text.substr(at, std::min(end + 1, text.size()) - at);
        at += whole.size();
        ++number;
        const std::optional<HostsMark> mark = hostsMarkOf(line);
        if (mark && mark->begin == inside.has_value())
            return Error{triedHosts, "line " + std::to_string(mark->begin ? began : number),
                         mark->begin ? "a block of ours has no end" : "a block of ours has no beginning",
                         "remove what is left of it by hand"};
        if (mark && mark->begin) {
            inside = mark->label;
            began = number;
            block = whole;
        } else if (mark) {
            if (mark->label != *inside)
                return Error{triedHosts, "line " + std::to_string(began), "a block of ours has another one's end",
                             "remove what is left of both by hand"};
            block += whole;
            result += replacement(*inside).value_or(block);
            inside.reset();
        } else if (inside) {
            block += whole;
        } else {
            result += whole;
        }
    }
    if (inside)
        return Error{triedHosts, "line " + std::to_string(began), "a block of ours has no end",
                     "remove what is left of it by hand"};
    return result;
}

Error hostsTrouble(const std::string& path, int number, std::string remedy = {}) {
    return Error{triedHosts, path, errnoText(number), std::move(remedy)};
}

// The file behind every link; itself where there is none yet.
Result<std::string> behindLinks(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), std::free);
    if (real) return std::string(real.get());
    const int reason = errno;
    struct stat status {};
    if (reason == ENOENT && ::lstat(path.c_str(), &status) != 0) return path;
    return hostsTrouble(path, reason, "look where the link points to");
}

struct HostsText {
    std::string text;
    struct stat status {};
    bool there = false;
};

Result<HostsText> readHosts(const std::string& path) {
    HostsText hosts;
    const platform::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid() && errno == ENOENT) return hosts;
    if (!file.valid() || ::fstat(file.get(), &hosts.status) != 0) return hostsTrouble(path, errno);
    if (!S_ISREG(hosts.status.st_mode)) return Error{triedHosts, path, "it is no file", "make it one"};
    hosts.there = true;
    hosts.text.resize(maxHostsFile + 1);
    std::size_t size = 0;
    while (size < hosts.text.size()) {
        const ssize_t count = ::read(file.get(), hosts.text.data() + size, hosts.text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return hostsTrouble(path, errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size > maxHostsFile)
        return Error{triedHosts, path, "it has more than " + std::to_string(maxHostsFile) + " bytes",
                     "serve so many names by DNS"};
    hosts.text.resize(size);
    return hosts;
}

bool writeAll(int file, const std::string& text) {
    std::size_t written = 0;
    while (written < text.size()) {
        const ssize_t count = ::write(file, text.data() + written, text.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        written += static_cast<std::size_t>(count);
    }
    return ::fsync(file) == 0;
}

bool sameHosts(const std::string& path, const HostsText& before) {
    struct stat now {};
    if (::stat(path.c_str(), &now) != 0) return !before.there && errno == ENOENT;
    return before.there && now.st_ino == before.status.st_ino && now.st_size == before.status.st_size &&
           now.st_mtim.tv_sec == before.status.st_mtim.tv_sec && now.st_mtim.tv_nsec == before.status.st_mtim.tv_nsec;
}

// What is mounted over can't be replaced: its content is.
Result<void> writeInPlace(const std::string& path, const std::string& text) {
    const platform::FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid() || !writeAll(file.get(), text) || ::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0)
        return hostsTrouble(path, errno, "make it writable for root");
    return {};
}

// False: somebody else has written it meanwhile; nothing was done.
Result<bool> replaceHosts(const std::string& path, const HostsText& before, const std::string& text) {
    std::string aside = path + ".dyad-XXXXXX";
    const platform::FileDescriptor file(::mkostemp(aside.data(), O_CLOEXEC));
    if (!file.valid()) {
        // No room beside a file that is mounted over, or a folder that is read-only.
        if (before.there && (errno == EROFS || errno == EACCES || errno == EPERM)) {
            if (const Result<void> written = writeInPlace(path, text); !written) return written.error();
            return true;
        }
        return hostsTrouble(path, errno, "make its folder writable for root");
    }
    const mode_t mode = before.there ? before.status.st_mode & 07777 : 0644;
    const bool sound = (!before.there || ::fchown(file.get(), before.status.st_uid, before.status.st_gid) == 0) &&
                       ::fchmod(file.get(), mode) == 0 && writeAll(file.get(), text);
    int reason = sound ? 0 : errno;
    if (sound && !sameHosts(path, before)) {
        ::unlink(aside.c_str());
        return false;
    }
    if (sound && ::rename(aside.c_str(), path.c_str()) == 0) return true;
    if (reason == 0) reason = errno;
    ::unlink(aside.c_str());
    if (reason != EBUSY) return hostsTrouble(path, reason);
    if (const Result<void> written = writeInPlace(path, text); !written) return written.error();
    return true;
}

Result<bool> editHosts(const std::string& path, const HostsEdit& edit, bool make) {
    static std::mutex one;
    const std::lock_guard lock(one);
    for (int attempt = 0; attempt < hostsAttempts; ++attempt) {
        const Result<std::string> real = behindLinks(path);
        if (!real) return real.error();
        const Result<HostsText> before = readHosts(real.value());
        if (!before) return before.error();
        if (!before.value().there && !make) return false;
        Result<std::string> text = edit(before.value().text);
        if (!text) {
            Error error = text.error();
            error.on = path + ", " + error.on;
            return error;
        }
        if (before.value().there && text.value() == before.value().text) return false;
        const Result<bool> written = replaceHosts(real.value(), before.value(), text.value());
        if (!written || written.value()) return written;
    }
    return Error{triedHosts, path, "somebody else writes it at the same moment, again and again", "find out who"};
}

} // namespace

Result<std::string> withHostsBlock(std::string_view text, const HostsBlock& block) {
    bool found = false;
    Result<std::string> result = withHostsBlocks(text, [&](const std::string& label) -> std::optional<std::string> {
        if (label != block.label) return {};
        return std::exchange(found, true) ? std::string() : hostsText(block); // once
    });
    if (!result || found) return result;
    std::string whole = std::move(result).value();
    if (!whole.empty() && whole.back() != '\n') whole += '\n';
    return whole + hostsText(block);
}

Result<std::string> withoutOtherHostsBlocks(std::string_view text, const std::vector<std::string>& kept) {
    return withHostsBlocks(text, [&](const std::string& label) -> std::optional<std::string> {
        if (std::find(kept.begin(), kept.end(), label) != kept.end()) return {};
        return std::string();
    });
}

Result<bool> keepHostsBlock(const std::string& path, const HostsBlock& block) {
    return editHosts(
        path, [&](std::string_view text) { return withHostsBlock(text, block); }, true);
}

Result<bool> removeOtherHostsBlocks(const std::string& path, const std::vector<std::string>& kept) {
    return editHosts(
        path, [&](std::string_view text) { return withoutOtherHostsBlocks(text, kept); }, false);
}

} // namespace dyad::network
