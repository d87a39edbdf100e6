// SPDX-License-Identifier: Apache-2.0
#include "storage/lun_process.h"

#include "base/overloaded.h"
#include "platform/linux/child.h"
#include "platform/linux/monotonic_clock.h"
#include "platform/linux/process_identity.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utility>

namespace dyad::storage {

using model::LunNotice;
using model::ReservationAnswer;
using model::ReservationOutcome;
using model::ReservationRequest;

LunProcess::LunProcess(LunProcessSettings settings) : m_settings(std::move(settings)) {
    for (QTimer* each : {&m_connectTimer, &m_deadlineTimer, &m_deliverTimer}) {
        each->setSingleShot(true);
        each->setTimerType(Qt::PreciseTimer);
    }
    QObject::connect(&m_connectTimer, &QTimer::timeout, [this] { tryConnect(); });
    QObject::connect(&m_deadlineTimer, &QTimer::timeout, [this] { lookAtDeadlines(); });
    QObject::connect(&m_deliverTimer, &QTimer::timeout, [this] { deliver(); });
}

LunProcess::~LunProcess() = default;

void LunProcess::begin() {
    m_begun = true;
    for (std::size_t at = 1; at != std::string::npos;) { // the folders above; dyad-lun makes its own
        at = m_settings.directory.find('/', at + 1);
        ::mkdir(m_settings.directory.substr(0, at).c_str(), 0700);
    }
    m_tries = 0;
    m_startedOnce = false;
    tryConnect();
}

void LunProcess::tryConnect() {
    const std::string path = m_settings.directory + "/control";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        m_state.detail = "the path " + path + " is too long for a socket: use a shorter --run-dir";
        return;
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    platform::FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (!m_startedOnce) return startProgram();
        if (++m_tries < lunConnectTries)
            m_connectTimer.start(wholeMilliseconds(lunConnectPause));
        else {
            m_state.detail = "dyad-lun does not answer on " + path;
            m_startedOnce = false;
            m_tries = 0;
            kill();
            m_connectTimer.start(wholeMilliseconds(lunRestartPause));
        }
        return;
    }
    ucred peer{};
    socklen_t length = sizeof peer;
    if (!m_process.valid() && ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0) {
        // The process that listens; it can't have ended since, or the connect would have been refused.
        Result<platform::ProcessIdentity> identity = platform::identityOf(peer.pid);
        if (identity) {
            Result<platform::FileDescriptor> process = platform::openProcess(identity.value());
            if (process) watch(std::move(process).value());
        }
    }
    m_socket = std::move(socket);
    m_socketReady = std::make_unique<QSocketNotifier>(m_socket.get(), QSocketNotifier::Read);
    QObject::connect(m_socketReady.get(), &QSocketNotifier::activated, [this] { readMessages(); });
    if (m_shutPending) {
        m_shutDeadline = platform::monotonicNow() + lunShutDeadline;
        write(LunCloseGate{});
        lookAtDeadlines();
    }
    write(LunHello{});
}

void LunProcess::startProgram() {
    m_startedOnce = true;
    platform::ChildSetup setup;
    setup.command = {m_settings.program};
    setup.command.insert(setup.command.end(), m_settings.options.begin(), m_settings.options.end());
    setup.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    setup.output = platform::ChildSetup::Output::File;
    setup.outputFile = m_settings.directory + "/log";
    ::mkdir(m_settings.directory.c_str(), 0700);
    Result<platform::Child> child = platform::startChild(setup);
    if (!child) {
        m_state.detail = child.error().text();
        m_startedOnce = false;
        m_connectTimer.start(wholeMilliseconds(lunRestartPause));
        return;
    }
    m_ours = true;
    m_tries = 0;
    watch(std::move(child.value().pidfd));
    m_connectTimer.start(wholeMilliseconds(lunConnectPause));
}

void LunProcess::watch(platform::FileDescriptor process) {
    m_process = std::move(process);
    m_processEnded = std::make_unique<QSocketNotifier>(m_process.get(), QSocketNotifier::Read);
    QObject::connect(m_processEnded.get(), &QSocketNotifier::activated, [this] { died(); });
}

void LunProcess::died() {
    if (m_ours) (void)platform::reap(m_process);
    m_ours = false;
    m_processEnded->setEnabled(false);
    m_processEnded.release()->deleteLater();
    m_process.reset();
    m_shutPending = false; // a process that is gone writes nothing; the next one begins with its gate shut
    disconnected("dyad-lun ended");
    // What was mounted through it is dead with it, whatever the keys on the array still say.
    if (std::exchange(m_openWhenLastSeen, false))
        notice(LunNotice::Kind::Fenced, "dyad-lun ended; the next one begins with its gate shut");
    if (m_quitting) return;
    m_startedOnce = false;
    m_askedToQuit = false;
    m_tries = 0;
    m_connectTimer.start(wholeMilliseconds(lunRestartPause));
}

void LunProcess::disconnected(const std::string& why) {
    m_connectTimer.stop();
    if (m_socketReady) {
        m_socketReady->setEnabled(false);
        m_socketReady.release()->deleteLater();
    }
    m_socket.reset();
    const bool wasUp = m_state.pathUp;
    m_openWhenLastSeen = m_openWhenLastSeen || m_state.gateOpen;
    m_state.pathUp = false;
    m_state.gateOpen = false;
    m_state.detail = why;
    std::map<std::uint64_t, Outstanding> lost;
    lost.swap(m_outstanding);
    for (const auto& [operation, each] : lost)
        fail(each.request, ReservationOutcome::NoPath, why);
    if (wasUp) notice(LunNotice::Kind::PathDown, why);
}

void LunProcess::readMessages() {
    std::array<std::uint8_t, maxLunMessageBytes + 1> bytes{};
    constexpr unsigned batch = 64;
    for (unsigned i = 0; i < batch && m_socket.valid(); ++i) {
        const ssize_t got = ::recv(m_socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        const Result<LunMessage> message =
            got > 0 ? decodeLunMessage(std::span(bytes).first(static_cast<std::size_t>(got)))
                    : Result<LunMessage>(Error{"speak with dyad-lun", m_settings.name, "it hung up", {}});
        if (!message) {
            disconnected(message.error().text());
            // Alive, but it gave our connection up or speaks another version: look again, soon.
            if (m_process.valid()) m_connectTimer.start(wholeMilliseconds(lunRestartPause));
            return;
        }
        std::visit(Overloaded{
                       [this](const LunState& state) {
                           const bool other = state.settingsDigest != lunSettingsDigest(m_settings.options);
                           const bool wasUp = m_state.pathUp;
                           m_state = state;
                           if (!state.gateOpen) m_shutPending = false;
                           // A gate that is found shut at the first look, or that was shut while nobody looked.
                           if (!state.gateOpen && (!m_stateSeen || m_openWhenLastSeen))
                               notice(LunNotice::Kind::Fenced, "the gate of dyad-lun is shut");
                           m_stateSeen = true;
                           m_openWhenLastSeen = false;
                           if (other && !m_askedToQuit) {
                               m_askedToQuit = true;
                               write(LunQuit{});
                           } else if (other) {
                               m_state.detail = "dyad-lun runs with other settings until the LUN is let go of";
                           }
                           if (state.pathUp && !wasUp) notice(LunNotice::Kind::PathUp, "logged in");
                           if (!state.pathUp && wasUp) notice(LunNotice::Kind::PathDown, state.detail);
                       },
                       [this](const LunAnswer& each) {
                           const auto asked = m_outstanding.find(each.answer.operation.value);
                           if (asked == m_outstanding.end()) return;
                           m_outstanding.erase(asked);
                           ReservationAnswer answer = each.answer;
                           answer.lun = m_settings.lun;
                           if (onAnswer) onAnswer(answer);
                       },
                       [this](const LunTold& told) {
                           if (told.notice.kind == LunNotice::Kind::Fenced) {
                               m_state.gateOpen = false;
                               notice(LunNotice::Kind::Fenced, told.notice.detail);
                               return;
                           }
                           const bool up = told.notice.kind == LunNotice::Kind::PathUp;
                           if (up == m_state.pathUp) return; // the state has told it already
                           m_state.pathUp = up;
                           notice(told.notice.kind, told.notice.detail);
                       },
                       [](const auto&) {},
                   },
                   message.value());
    }
}

bool LunProcess::write(const LunMessage& message) {
    if (!m_socket.valid()) return false;
    const std::vector<std::uint8_t> bytes = encodeLunMessage(message);
    return ::send(m_socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

void LunProcess::send(const ReservationRequest& request) {
    if (!m_socket.valid())
        return fail(request, ReservationOutcome::NoPath,
                    m_state.detail.empty() ? "dyad-lun is being started" : m_state.detail);
    if (m_outstanding.size() >= maxLunOutstanding)
        return fail(request, ReservationOutcome::Late, "too many requests wait for the array");
    if (!write(LunRequest{request})) return fail(request, ReservationOutcome::Late, "dyad-lun does not take requests");
    m_outstanding.insert_or_assign(request.operation.value,
                                   Outstanding{request, platform::monotonicNow() + lunAnswerDeadline});
    if (!m_deadlineTimer.isActive()) lookAtDeadlines();
}

void LunProcess::closeGate() {
    m_state.gateOpen = false;
    if (!m_begun || (!m_process.valid() && !m_socket.valid())) return; // no process, no gate
    m_shutPending = true;
    m_shutDeadline = platform::monotonicNow() + lunShutDeadline;
    // One that takes no orders any more must not write either.
    if (m_socket.valid() && !write(LunCloseGate{})) return kill();
    write(LunHello{}); // its answer is the confirmation
    lookAtDeadlines();
}

void LunProcess::kill() {
    if (m_process.valid()) (void)platform::sendSignal(m_process, SIGKILL);
}

void LunProcess::quit() {
    m_quitting = true;
    write(LunQuit{});
}

void LunProcess::fail(const ReservationRequest& request, ReservationOutcome outcome, const std::string& why) {
    ReservationAnswer answer;
    answer.operation = request.operation;
    answer.epoch = request.epoch;
    answer.group = request.group;
    answer.lun = request.lun;
    answer.command = request.command;
    answer.outcome = outcome;
    answer.detail = why;
    m_ready.push_back(std::move(answer));
    m_deliverTimer.start(0);
}

void LunProcess::deliver() {
    while (!m_ready.empty()) {
        const ReservationAnswer answer = std::move(m_ready.front());
        m_ready.pop_front();
        if (onAnswer) onAnswer(answer);
    }
}

void LunProcess::lookAtDeadlines() {
    const Instant now = platform::monotonicNow();
    std::optional<Instant> next;
    for (auto each = m_outstanding.begin(); each != m_outstanding.end();) {
        if (each->second.deadline <= now) {
            fail(each->second.request, ReservationOutcome::Late, "dyad-lun did not answer in time");
            each = m_outstanding.erase(each);
            continue;
        }
        if (!next || each->second.deadline < *next) next = each->second.deadline;
        ++each;
    }
    if (m_shutPending) {
        if (m_shutDeadline <= now)
            kill();
        else if (!next || m_shutDeadline < *next)
            next = m_shutDeadline;
    }
    if (next) m_deadlineTimer.start(wholeMilliseconds(*next - now));
}

void LunProcess::notice(LunNotice::Kind kind, const std::string& detail) {
    if (onNotice) onNotice({m_settings.lun, kind, detail});
}

} // namespace dyad::storage
