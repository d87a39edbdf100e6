// SPDX-License-Identifier: Apache-2.0
#include "wire/key_file.h"

#include "base/errno_text.h"
#include <sodium.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace dyad::wire {

namespace {

constexpr std::size_t hexDigits = 64;
constexpr const char* makeOne = "Make one with `umask 077; openssl rand -hex 32 > FILE` and copy it to both hosts";

Error refused(const std::string& path, std::string cameBack, std::string remedy) {
    return Error{"read cluster key", path, std::move(cameBack), std::move(remedy)};
}

// -1: not a hexadecimal digit.
int digit(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    if (character >= 'A' && character <= 'F') return character - 'A' + 10;
    return -1;
}

Result<ClusterKey> parse(const std::string& path, const char* text, std::size_t bytes) {
    if (bytes > 0 && text[bytes - 1] == '\n') --bytes;
    if (bytes != hexDigits)
        return refused(path, "has " + std::to_string(bytes) + " characters instead of 64 hexadecimal digits", makeOne);
    ClusterKey key;
    for (std::size_t i = 0; i < hexDigits; i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);
        if (high < 0 || low < 0) {
            const std::size_t column = high < 0 ? i + 1 : i + 2;
            return refused(path, "the character in column " + std::to_string(column) + " is no hexadecimal digit",
                           makeOne);
        }
        key.bytes[i / 2] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return key;
}

} // namespace

ClusterKey::~ClusterKey() { sodium_memzero(bytes.data(), bytes.size()); }

Result<ClusterKey> loadClusterKey(const std::string& path) {
    // O_NONBLOCK: a FIFO in its place must not hold us up.
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return refused(path, errnoText(errno), makeOne);
    struct Closer {
        int descriptor;
        ~Closer() { ::close(descriptor); }
    } closer{file};

    struct stat status {};
    if (::fstat(file, &status) != 0) return refused(path, errnoText(errno), "");
    if (!S_ISREG(status.st_mode)) return refused(path, "is no regular file", makeOne);
    if ((status.st_mode & 0177) != 0) {
        char mode[8];
        std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
        return refused(path, std::string("mode ") + mode + " lets others at the key", "Run `chmod 0600 " + path + "`");
    }
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return refused(path, "belongs to user " + std::to_string(status.st_uid), "Run `chown root: " + path + "`");

    char text[hexDigits + 2]; // one more than a good file has: a longer one is noticed
    std::size_t filled = 0;
    while (filled < sizeof text) {
        const ssize_t got = ::read(file, text + filled, sizeof text - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(path, errnoText(errno), "");
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    Result<ClusterKey> key = parse(path, text, filled);
    sodium_memzero(text, sizeof text);
    return key;
}

} // namespace dyad::wire
