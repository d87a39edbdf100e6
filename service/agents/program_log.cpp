// SPDX-License-Identifier: Apache-2.0
#include "agents/program_log.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/captured_command.h"
#include "platform/linux/file_descriptor.h"
#include "platform/linux/system_error.h"

namespace dyad::agents {

namespace {

std::int64_t sizeOf(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? std::int64_t{status.st_size} : 0;
}

} // namespace

Result<void> ProgramLog::keepSmall() {
    std::error_code trouble;
    const std::filesystem::path folder = std::filesystem::path(m_path).parent_path();
    std::filesystem::create_directories(folder, trouble);
    if (trouble) return platform::systemError("make folder", folder.string(), trouble.value());
    const std::int64_t size = sizeOf(m_path);
    if (size <= maxLogBytes) return {};

    const std::string last = readFrom(size - static_cast<std::int64_t>(maxLogReadBytes));
    const std::string kept = m_path + ".1";
    platform::FileDescriptor copy(::open(kept.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!copy.valid()) return platform::systemError("write", kept, errno);
    if (::write(copy.get(), last.data(), last.size()) < 0) return platform::systemError("write", kept, errno);
    if (::truncate(m_path.c_str(), 0) != 0) return platform::systemError("truncate", m_path, errno);
    m_begin = m_read = 0;
    return {};
}

void ProgramLog::mark() { m_begin = m_read = sizeOf(m_path); }

std::string ProgramLog::readFrom(std::int64_t offset) const {
    platform::FileDescriptor file(::open(m_path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text(maxLogReadBytes, '\0');
    const ssize_t count = file.valid() ? ::pread(file.get(), text.data(), text.size(), offset) : 0;
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

void ProgramLog::readNew(const std::function<void(const std::string&)>& line) {
    const std::string text = readFrom(m_read);
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        line(text.substr(begin, end - begin));
        begin = end + 1;
    }
    if (begin == 0 && text.size() == maxLogReadBytes) begin = text.size(); // one endless line: passed over
    m_read += static_cast<std::int64_t>(begin);
}

std::string ProgramLog::lastWords() const {
    return lastLines(readFrom(std::max(m_begin, sizeOf(m_path) - static_cast<std::int64_t>(maxLogReadBytes))));
}

} // namespace dyad::agents
