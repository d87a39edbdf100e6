// SPDX-License-Identifier: Apache-2.0
// dyadd's end of one dyad-lun: starts it or adopts a living one, speaks with it, notices its death at once and starts
// it again. Every request is answered once, at the latest when its deadline has passed.
#pragma once

#include "model/configuration.h"
#include "model/messages.h"
#include "platform/linux/file_descriptor.h"
#include "ports/reservation_port.h"
#include "storage/lun_protocol.h"

#include <QObject>
#include <QSocketNotifier>
#include <QTimer>
#include <deque>
#include <map>
#include <memory>

namespace dyad::storage {

inline constexpr Duration lunAnswerDeadline = 4s; // dyad-lun answers within 3 s; what isn't there then is Late
inline constexpr Duration lunConnectPause = 5ms;  // while a started dyad-lun makes its socket
inline constexpr unsigned lunConnectTries = 400;
inline constexpr Duration lunRestartPause = 200ms;
inline constexpr Duration lunShutDeadline = 500ms; // a gate that isn't reported shut by then: dyad-lun is killed
inline constexpr std::size_t maxLunOutstanding = 64;

struct LunProcessSettings {
    model::LunId lun;
    std::string name;
    std::string directory;            // RUN-DIR/lun/NAME
    std::string program;              // dyad-lun, absolute
    std::vector<std::string> options; // its command line
};

class LunProcess {
public:
    explicit LunProcess(LunProcessSettings settings);
    ~LunProcess(); // leaves dyad-lun running
    LunProcess(const LunProcess&) = delete;
    LunProcess& operator=(const LunProcess&) = delete;

    std::function<void(const model::ReservationAnswer&)> onAnswer;
    std::function<void(const model::LunNotice&)> onNotice;

    void begin();
    void send(const model::ReservationRequest& request);
    void closeGate();
    // SIGKILL: whoever waits for the LUN's file gets ENOTCONN and comes free. It is started again.
    void kill();
    // Asks it to end if nobody uses the export (the LUN left the configuration, or a test is over).
    void quit();
    [[nodiscard]] const LunState& state() const { return m_state; }
    [[nodiscard]] bool connected() const { return m_socketReady != nullptr; }
    [[nodiscard]] const LunProcessSettings& settings() const { return m_settings; }

private:
    struct Outstanding {
        model::ReservationRequest request;
        Instant deadline;
    };

    void tryConnect();
    void startProgram();
    void watch(platform::FileDescriptor process);
    void readMessages();
    void disconnected(const std::string& why);
    void died();
    bool write(const LunMessage& message);
    void fail(const model::ReservationRequest& request, model::ReservationOutcome outcome, const std::string& why);
    void deliver();
    void lookAtDeadlines();
    void notice(model::LunNotice::Kind kind, const std::string& detail);

    LunProcessSettings m_settings;
    LunState m_state;
    bool m_begun = false;
    bool m_startedOnce = false; // of this round of connecting
    bool m_askedToQuit = false;
    bool m_quitting = false;
    bool m_stateSeen = false;        // dyad-lun has told its state at least once
    bool m_openWhenLastSeen = false; // the connection was lost with the gate open, not shut by us
    bool m_shutPending = false;      // the gate is to be shut and dyad-lun has not confirmed it
    Instant m_shutDeadline;
    unsigned m_tries = 0;
    platform::FileDescriptor m_socket;
    platform::FileDescriptor m_process; // pidfd
    bool m_ours = false;                // started by us: to be reaped
    std::unique_ptr<QSocketNotifier> m_socketReady;
    std::unique_ptr<QSocketNotifier> m_processEnded;
    QTimer m_connectTimer;
    QTimer m_deadlineTimer;
    QTimer m_deliverTimer;
    std::map<std::uint64_t, Outstanding> m_outstanding;
    std::deque<model::ReservationAnswer> m_ready; // given out by the event loop, never from within send()
};

} // namespace dyad::storage
