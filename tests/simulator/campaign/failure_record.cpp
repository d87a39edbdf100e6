// SPDX-License-Identifier: Apache-2.0
#include "campaign/failure_record.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace dyad::simulator {

namespace {

struct Head {
    std::uint64_t seed = 0;
    std::uint32_t checkerBytes = 0;
    std::uint32_t whatBytes = 0;
    Ending ending = Ending::Clean;
};

} // namespace

bool writeFailure(int pipe, const Failure& failure) {
    const std::string checker = failure.checker.substr(0, maxFailureTextBytes);
    const std::string what = failure.what.substr(0, maxFailureTextBytes);
    Head head;
    head.seed = failure.seed;
    head.checkerBytes = static_cast<std::uint32_t>(checker.size());
    head.whatBytes = static_cast<std::uint32_t>(what.size());
    head.ending = failure.ending;
    std::string bytes(sizeof head, '\0');
    std::memcpy(bytes.data(), &head, sizeof head);
    bytes += checker + what;
    for (std::size_t written = 0; written < bytes.size();) {
        const ssize_t count = write(pipe, bytes.data() + written, bytes.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        written += static_cast<std::size_t>(count);
    }
    return true;
}

bool FailureReader::read(int pipe, const std::function<void(Failure&&)>& take) {
    bool open = true;
    char bytes[4096];
    for (;;) {
        const ssize_t count = ::read(pipe, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            open = count < 0 && errno == EAGAIN;
            break;
        }
        m_waiting.append(bytes, static_cast<std::size_t>(count));
    }
    Head head;
    while (m_waiting.size() >= sizeof head) {
        std::memcpy(&head, m_waiting.data(), sizeof head);
        const std::size_t whole = sizeof head + head.checkerBytes + head.whatBytes;
        if (m_waiting.size() < whole) break;
        take(Failure{head.seed, head.ending, m_waiting.substr(sizeof head, head.checkerBytes),
                     m_waiting.substr(sizeof head + head.checkerBytes, head.whatBytes)});
        m_waiting.erase(0, whole);
    }
    return open;
}

} // namespace dyad::simulator
