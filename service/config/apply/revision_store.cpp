// SPDX-License-Identifier: Apache-2.0
#include "config/apply/revision_store.h"

#include "config/digest.h"
#include "config/load.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace dyad::config {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours forgottenAfter(1);

Error diskError(const char* tried, const fs::path& path, int number) {
    return Error{tried, path.string(),
                 std::generic_category().message(number) + " (" + std::to_string(number) + ")",
                 number == ENOSPC ? "make room on this disk" : "look at the folder's owner, mode and disk"};
}

Result<void> syncFolder(const fs::path& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return diskError("open", folder, errno);
    const int result = ::fsync(file);
    const int number = errno;
    ::close(file);
    if (result != 0) return diskError("write", folder, number);
    return {};
}

Result<std::string> readFile(const fs::path& path, std::size_t most) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return diskError("open", path, errno);
    std::string text(most + 1, '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t got = ::read(file, text.data() + have, text.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            const int number = errno;
            ::close(file);
            return diskError("read", path, number);
        }
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    ::close(file);
    if (have > most) return Error{"read", path.string(), "it has more than " + std::to_string(most) + " bytes", ""};
    text.resize(have);
    return text;
}

std::string digits(std::uint64_t digest) {
    std::string text(16, '0');
    for (std::size_t i = 16; i-- > 0; digest >>= 4)
        text[i] = "0123456789abcdef"[digest & 15];
    return text;
}

} // namespace

Result<void> replaceFile(const fs::path& path, std::string_view bytes, unsigned mode) {
    struct stat before {};
    const bool existed = ::stat(path.c_str(), &before) == 0;
    const fs::path beside = path.parent_path() / ("." + path.filename().string() + ".new");
    ::unlink(beside.c_str());
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return diskError("write", beside, errno);
    const auto fail = [&](const char* tried) {
        const int number = errno;
        ::close(file);
        ::unlink(beside.c_str());
        return diskError(tried, beside, number);
    };
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return fail("write");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (existed && ::fchown(file, before.st_uid, before.st_gid) != 0) return fail("give to its owner");
    if (::fchmod(file, existed ? before.st_mode & 07777 : mode) != 0) return fail("set the mode of");
    if (::fsync(file) != 0) return fail("write");
    ::close(file);
    if (::rename(beside.c_str(), path.c_str()) != 0) {
        const int number = errno;
        ::unlink(beside.c_str());
        return diskError("put into place", path, number);
    }
    return syncFolder(path.parent_path());
}

fs::path RevisionStore::textPath(std::uint64_t digest) const { return m_folder / ("text-" + digits(digest)); }

Result<KeptState> RevisionStore::load() const {
    const fs::path path = m_folder / "state";
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return KeptState{};
    Result<std::string> text = readFile(path, maxStateBytes);
    if (!text) return text.error();
    Result<KeptState> state = parseState(text.value());
    if (state) return state;
    fs::rename(path, m_folder / "state.broken", ignored);
    Error error = state.error();
    error.on = path.string() + ", " + error.on;
    error.remedy = "it is set aside as state.broken, and the bookkeeping begins anew";
    return error;
}

Result<bool> RevisionStore::finishInstall() const {
    const Result<KeptState> kept = load();
    if (!kept) return kept.error();
    const KeptState& state = kept.value();
    if (state.apply.history.empty() || state.installed == state.apply.current().revision.digest) return false;
    const Result<std::string> file = readFile(m_configuration, maxFileBytes);
    // Another text than ours: somebody has changed it since, and it is not ours to overrule.
    if (file && digestOf(file.value()) != state.installed) return false;
    if (Result<void> done = install(state.apply.current().revision.digest); !done) return done.error();
    KeptState finished = state;
    finished.installed = state.apply.current().revision.digest;
    if (Result<void> saved = save(finished); !saved) return saved.error();
    return true;
}

Result<void> RevisionStore::save(const KeptState& state) const {
    std::error_code failed;
    fs::create_directories(m_folder, failed);
    if (failed) return diskError("make the folder", m_folder, failed.value());
    return replaceFile(m_folder / "state", toText(state), 0600);
}

Result<void> RevisionStore::keepText(std::uint64_t digest, std::string_view text) const {
    std::error_code failed;
    fs::create_directories(m_folder, failed);
    if (failed) return diskError("make the folder", m_folder, failed.value());
    return replaceFile(textPath(digest), text, 0600);
}

Result<std::string> RevisionStore::text(std::uint64_t digest) const {
    Result<std::string> found = readFile(textPath(digest), maxFileBytes);
    if (found && digestOf(found.value()) != digest)
        return Error{"read", textPath(digest).string(), "it is damaged: its digest is another one", ""};
    return found;
}

Result<void> RevisionStore::install(std::uint64_t digest) const {
    const Result<std::string> wanted = text(digest);
    if (!wanted) return wanted.error();
    return replaceFile(m_configuration, wanted.value(), 0644);
}

void RevisionStore::forgetOthers(const ApplyState& state) const {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(m_folder, ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("text-")) continue;
        bool named = state.staged && name == "text-" + digits(state.staged->record.revision.digest);
        for (const RevisionRecord& each : state.history)
            named = named || name == "text-" + digits(each.revision.digest);
        const auto age = fs::file_time_type::clock::now() - entry.last_write_time(ignored);
        if (!named && age > forgottenAfter) fs::remove(entry.path(), ignored);
    }
}

} // namespace dyad::config
