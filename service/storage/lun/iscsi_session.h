// SPDX-License-Identifier: Apache-2.0
// One login after the other at an iSCSI target through libiscsi, without its automatic reconnect, without its
// time-outs: both would send writes again, or keep them, behind our back. Each login is a context of its own with the
// same initiator name and ISID. A session that breaks, or whose answers are late, is cut with a TCP reset, so that
// nothing of it is delivered when the link returns.
#pragma once

#include "storage/reservations/persistent_reserve.h"

#include <list>
#include <memory>

struct iscsi_context;
struct scsi_task;

namespace dyad::storage {

inline constexpr unsigned maxLoginAttentions = 16; // TEST UNIT READY is repeated so often after a login

struct IscsiSettings {
    std::string initiator; // iqn of this node
    std::string portal;    // "10.77.2.9:3260"
    std::string target;    // iqn
    std::uint16_t lun = 0;
    std::uint32_t isidQualifier = 0; // 24 bits; with the initiator name it makes this LUN's nexus
    std::string chapUser;            // empty: no CHAP
    std::string chapSecret;
    Duration loginDeadline = 1s; // connect, login and the first commands together
    Duration loginPause = 100ms; // between two tries
    Duration nopInterval = 50ms;
    unsigned nopMisses = 4;    // unanswered for so many intervals: the session is given up
    Duration ioDeadline = 10s; // of one read, write or flush
};

class IscsiSession final : public Nexus {
public:
    explicit IscsiSession(IscsiSettings settings);
    ~IscsiSession() override;

    std::function<void(const Capacity&)> onUp;
    std::function<void(const std::string& why)> onDown;   // after each onUp once; every command has been answered
    std::function<void(const std::string& why)> onFailed; // a try to log in failed; the next one comes by itself

    // For the event loop: -1 while there is no socket.
    [[nodiscard]] int descriptor() const;
    [[nodiscard]] short events() const;
    void service(short revents);
    void tick();
    [[nodiscard]] Instant nextDeadline() const;

    [[nodiscard]] bool up() const { return m_stage == Stage::Up; }
    [[nodiscard]] std::uint32_t blockBytes() const { return m_capacity.blockBytes; }

    void execute(ScsiCommand command, Instant deadline, Done done) override;
    void transfer(std::shared_ptr<DataTransfer> transfer, Done done) override;
    void resetLun(Instant deadline, Done done) override;
    void pause(Duration duration, std::function<void()> done) override;
    void giveUp(const std::string& why) override;
    [[nodiscard]] Instant now() const override;

private:
    enum class Stage : std::uint8_t { Waiting, Connecting, Up };
    struct Sent;
    struct Pause {
        Instant until;
        std::function<void()> done;
    };
    struct Callbacks;
    friend struct Callbacks;

    void connect();
    void loggedIn();
    void testReady(unsigned tries);
    void readCapacity();
    void fail(const std::string& why);
    void breakDown(ScsiReply::Delivery delivery, const std::string& why);
    void destroyContext();
    void sendNop();
    void submit(std::shared_ptr<Sent> sent);
    [[nodiscard]] std::string contextError() const;

    IscsiSettings m_settings;
    iscsi_context* m_context = nullptr;
    Stage m_stage = Stage::Waiting;
    bool m_inService = false;
    std::optional<std::string> m_broken; // seen inside a callback; acted upon outside
    Instant m_nextTry;
    Instant m_loginDeadline;
    Instant m_nextNop;
    unsigned m_nopsUnanswered = 0;
    Capacity m_capacity;
    std::list<std::shared_ptr<Sent>> m_sent;
    std::list<Pause> m_pauses;
};

} // namespace dyad::storage
