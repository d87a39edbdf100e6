// SPDX-License-Identifier: Apache-2.0
#include "storage/lun/lun_server.h"

#include "base/overloaded.h"
#include "platform/linux/monotonic_clock.h"
#include "platform/linux/system_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

namespace dyad::storage {
namespace {

constexpr Duration longestWait = 1s;

// This process writes back what the kernel needs to free memory, so it must not itself wait for memory, be paged out or
// be killed for memory. Each of these needs a privilege; without it the process works all the same.
void protectFromMemoryPressure() {
    if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) std::perror("dyad-lun: lock the memory");
    if (::prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) != 0) std::perror("dyad-lun: become an I/O flusher");
    const platform::FileDescriptor score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (!score.valid() || ::write(score.get(), "-1000", 5) != 5) std::perror("dyad-lun: leave the out-of-memory list");
}

} // namespace

LunServer::LunServer(LunOptions options)
    : m_options(std::move(options)), m_core({model::LunId(0), 3s, m_options.hold}), m_session(m_options.session) {
    m_session.onUp = [this](const Capacity& capacity) { sessionUp(capacity); };
    m_session.onDown = [this](const std::string& why) {
        say("the path is down: " + why);
        m_detail = why;
        m_core.sessionDown(why);
        sayState();
    };
    m_session.onFailed = [this](const std::string& why) {
        const bool news = m_detail != why;
        m_detail = why;
        say(why);
        if (news) sayState();
    };
    m_core.onAnswer = [this](const model::ReservationAnswer& answer) { m_control.send(LunAnswer{answer}); };
    m_core.onNotice = [this](const model::LunNotice& notice) {
        m_control.send(LunTold{notice});
        if (notice.kind == model::LunNotice::Kind::Fenced) say("fenced: " + notice.detail);
    };
    m_core.onGate = [this](bool open, const std::string& why) {
        say(std::string(open ? "the gate is open: " : "the gate is latched shut: ") + why);
        sayState();
    };
    m_core.onCapabilities = [this](const std::optional<ReservationCapabilities>& capabilities) {
        const std::string text = capabilities ? toText(*capabilities) : std::string();
        if (text == m_arrayText) return;
        m_arrayText = text;
        if (!text.empty()) say(text);
        sayState();
    };
    m_control.onMessage = [this](const LunMessage& message) { control(message); };
    m_export.submit = [this](DataRequest request) { m_core.submit(std::move(request), m_session.now()); };
}

void LunServer::say(const std::string& line) {
    if (line == m_lastLine) return;
    m_lastLine = line;
    std::fprintf(stderr, "dyad-lun %s: %s\n", m_options.name.c_str(), line.c_str());
}

Result<void> LunServer::takePidFile() {
    const std::string path = m_options.directory + "/pid";
    m_pidFile.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!m_pidFile.valid()) return platform::systemError("open the pid file", path, errno);
    if (::flock(m_pidFile.get(), LOCK_EX | LOCK_NB) != 0)
        return platform::systemError("lock the pid file", path, errno, "Another dyad-lun serves this LUN.");
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(m_pidFile.get(), 0) != 0 || ::pwrite(m_pidFile.get(), pid.data(), pid.size(), 0) < 0)
        return platform::systemError("write the pid file", path, errno);
    return {};
}

Result<void> LunServer::begin() {
    for (const std::string& each : {m_options.directory, m_options.directory + "/export"})
        if (::mkdir(each.c_str(), 0700) != 0 && errno != EEXIST)
            return platform::systemError("make the folder", each, errno);
    if (Result<void> taken = takePidFile(); !taken) return taken;
    sigset_t ending;
    sigemptyset(&ending);
    for (const int number : {SIGTERM, SIGINT})
        sigaddset(&ending, number);
    sigprocmask(SIG_BLOCK, &ending, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    m_signals.reset(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!m_signals.valid()) return platform::systemError("watch the signals", {}, errno);
    protectFromMemoryPressure();
    return m_control.listen(m_options.directory + "/control");
}

void LunServer::sessionUp(const Capacity& capacity) {
    const std::uint64_t bytes = capacity.blocks * capacity.blockBytes;
    say("logged in: " + std::to_string(bytes) + " bytes in blocks of " + std::to_string(capacity.blockBytes));
    m_detail.clear();
    if (!m_exported) {
        m_sizeBytes = bytes;
        m_blockBytes = capacity.blockBytes;
        if (Result<void> mounted = m_export.mount(m_options.directory + "/export/lun", bytes, capacity.blockBytes);
            !mounted) {
            m_detail = mounted.error().text();
            say(m_detail);
        } else {
            m_exported = true;
        }
    } else if (bytes < m_sizeBytes || capacity.blockBytes != m_blockBytes) {
        m_detail = "the LUN has changed its size from " + std::to_string(m_sizeBytes) + " to " + std::to_string(bytes) +
                   " bytes";
        say(m_detail);
    }
    m_core.sessionUp(m_session);
    sayState();
}

void LunServer::sayState() {
    m_control.send(LunState{m_options.settingsDigest, m_core.pathUp(), m_core.gateOpen(), m_exported, m_sizeBytes,
                            m_blockBytes, m_detail.empty() ? m_arrayText : m_detail});
}

void LunServer::control(const LunMessage& message) {
    std::visit(Overloaded{
                   [this](const LunHello&) { sayState(); },
                   [this](const LunRequest& each) { m_core.request(each.request, m_session.now()); },
                   [this](const LunCloseGate&) { m_core.closeGate(); },
                   [this](const LunQuit&) {
                       if (m_export.inUse())
                           m_detail = "the export is in use: dyad-lun goes on";
                       else
                           m_quit = true;
                       sayState();
                   },
                   [](const auto&) {}, // what only this side says
               },
               message);
}

int LunServer::run() {
    if (Result<void> begun = begin(); !begun) {
        std::fprintf(stderr, "dyad-lun: %s\n", begun.error().text().c_str());
        return 1;
    }
    while (!m_quit) {
        m_session.tick();
        m_core.tick(m_session.now());
        m_core.collect();
        Instant until = std::min(m_session.nextDeadline(), m_session.now() + longestWait);
        if (const auto core = m_core.nextDeadline()) until = std::min(until, *core);
        const Duration wait = std::max(until - m_session.now(), Duration(0));
        const timespec timeout{wait / 1s, (wait % Duration(1s)).count()};
        std::array<pollfd, 5> watched{{{m_signals.get(), POLLIN, 0},
                                       {m_control.listener(), POLLIN, 0},
                                       {m_control.client(), POLLIN, 0},
                                       {m_session.descriptor(), m_session.events(), 0},
                                       {m_export.descriptor(), POLLIN, 0}}};
        if (::ppoll(watched.data(), watched.size(), &timeout, nullptr) < 0) continue; // EINTR
        if (watched[0].revents != 0) break;
        if (watched[2].revents != 0) m_control.serviceClient(); // first, so that closeGate() overtakes what is waiting
        if (watched[1].revents != 0) m_control.acceptClient();
        if (watched[3].revents != 0) m_session.service(watched[3].revents);
        if (watched[4].revents != 0 && !m_export.service()) {
            say("the kernel has ended the FUSE connection");
            return 1;
        }
    }
    return 0;
}

} // namespace dyad::storage
