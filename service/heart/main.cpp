// SPDX-License-Identifier: Apache-2.0
// dyad-heart --settings FILE: begins, then beats until it is ended by SIGTERM (or worse).
#include "heart/beat_loop.h"
#include "heart/launcher.h"
#include "heart/process_identity.h"
#include "heart/realtime.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

using namespace dyad;

constexpr int exitUsage = 64; // sysexits(3)
constexpr int exitTrouble = 1;
constexpr int exitAlreadyRuns = 3;

int complain(const Error& error, int status = exitTrouble) {
    std::fprintf(stderr, "dyad-heart: %s\n", error.text().c_str());
    return status;
}

// Held as long as we live: a second heart for the same run directory ends here.
Result<void> becomeTheOnlyHeart(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return Error{"open", path, std::strerror(errno), ""};
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) return Error{"lock", path, "another heart runs already", ""};
    const auto self = heart::identify(::getpid());
    if (!self) return Error{"read", "/proc/self/stat", "it can't be understood", "Is /proc mounted?"};
    const std::string text = std::to_string(self->process) + " " + std::to_string(self->start) + "\n";
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return Error{"write", path, std::strerror(errno), ""};
    return {};
}

int run(const std::string& settingsFile) {
    const auto settings = heart::loadSettings(settingsFile);
    if (!settings) return complain(settings.error());
    const auto key = wire::loadClusterKey(settings.value().keyFile);
    if (!key) return complain(key.error());
    if (!wire::prepareSealing()) return complain(Error{"prepare sealing", "", "no source of random bytes", ""});

    const std::size_t slash = settingsFile.find_last_of('/');
    const std::string runDirectory = slash == std::string::npos ? "." : settingsFile.substr(0, slash);
    if (const auto only = becomeTheOnlyHeart(heart::pidPath(runDirectory)); !only)
        return complain(only.error(), exitAlreadyRuns);

    const auto self = heart::identify(::getpid());
    if (!self) return complain(Error{"read", "/proc/self/stat", "it can't be understood", "Is /proc mounted?"});
    heart::BoardHeader header;
    header.boot = settings.value().boot.value;
    header.settingsDigest = heart::digestOf(settings.value());
    header.processStart = self->start;
    header.processId = self->process;
    auto board = heart::Board::create(heart::boardPath(runDirectory), header);
    if (!board) return complain(board.error());

    heart::BeatLoop loop(settings.value(), key.value(), std::move(board).value());
    heart::becomeHardToStop();
    const auto ended = loop.run(heart::socketPath(runDirectory));
    return complain(ended.error());
}

} // namespace

int main(int count, char** arguments) {
    std::setvbuf(stderr, nullptr, _IOLBF, 512);
    if (count != 3 || std::strcmp(arguments[1], "--settings") != 0) {
        std::fprintf(stderr, "usage: dyad-heart --settings FILE\n");
        return exitUsage;
    }
    return run(arguments[2]);
}
