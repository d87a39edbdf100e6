// SPDX-License-Identifier: Apache-2.0
#include "storage/lun/iscsi_session.h"

#include "platform/linux/monotonic_clock.h"

#include <algorithm>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <poll.h>
#include <sys/socket.h>

namespace dyad::storage {

// One command on the way. libiscsi keeps pointers to the iovec and the bytes until the task is done or the context is
// destroyed, so they live here.
struct IscsiSession::Sent {
    IscsiSession* session = nullptr;
    scsi_task* task = nullptr;
    ScsiCommand command;
    std::vector<std::uint8_t> dataIn;
    std::shared_ptr<DataTransfer> transfer;
    scsi_iovec vector{};
    Instant sentAt;
    Instant deadline;
    Done done;
    bool reset = false;
};

struct IscsiSession::Callbacks {
    static void connected(iscsi_context*, int status, void*, void* self) {
        auto& session = *static_cast<IscsiSession*>(self);
        if (status != SCSI_STATUS_GOOD) {
            session.m_broken = "connect to " + session.m_settings.portal + ": " + session.contextError();
            return;
        }
        if (iscsi_login_async(session.m_context, &Callbacks::loggedIn, self) != 0)
            session.m_broken = "login at " + session.m_settings.target + ": " + session.contextError();
    }
    static void loggedIn(iscsi_context*, int status, void*, void* self) {
        auto& session = *static_cast<IscsiSession*>(self);
        if (status != SCSI_STATUS_GOOD) {
            session.m_broken = "login at " + session.m_settings.target + ": " + session.contextError();
            return;
        }
        session.loggedIn();
    }
    static void nopAnswered(iscsi_context*, int status, void*, void* self) {
        auto& session = *static_cast<IscsiSession*>(self);
        if (status == SCSI_STATUS_GOOD)
            session.m_nopsUnanswered = 0;
        else if (!session.m_broken)
            session.m_broken = "the session with the array broke";
    }
    static void finished(iscsi_context*, int status, void* data, void* what) {
        auto* raw = static_cast<Sent*>(what);
        IscsiSession& session = *raw->session;
        const auto at = std::find_if(session.m_sent.begin(), session.m_sent.end(),
                                     [raw](const std::shared_ptr<Sent>& each) { return each.get() == raw; });
        if (at == session.m_sent.end()) return;
        const std::shared_ptr<Sent> sent = *at;
        ScsiReply reply;
        reply.sentAt = sent->sentAt;
        const bool answered = status >= 0 && status <= 0xff;
        if (!answered) {
            // Left in the list: whoever tears the session down answers it. Until then libiscsi may still look at it.
            if (!session.m_broken) session.m_broken = "the session with the array broke";
            return;
        }
        session.m_sent.erase(at);
        session.m_nopsUnanswered = 0; // any answer is a sign of life
        reply.delivery = ScsiReply::Delivery::Answered;
        reply.status = static_cast<ScsiStatus>(status);
        if (sent->reset) {
            const std::uint32_t response = data ? *static_cast<std::uint32_t*>(data) : 0xff;
            if (response != ISCSI_TMR_FUNC_COMPLETE) {
                reply.status = ScsiStatus::CheckCondition;
                reply.sense = {0x05, 0x20, 0x00};
            }
        } else {
            scsi_task* task = sent->task;
            if (reply.status == ScsiStatus::CheckCondition && task->datain.size > 2)
                reply.sense = decodeSense({task->datain.data + 2, static_cast<std::size_t>(task->datain.size) - 2});
            if (reply.good() && !sent->dataIn.empty()) {
                const std::size_t missing = task->residual_status == SCSI_RESIDUAL_UNDERFLOW
                                                ? std::min(task->residual, sent->dataIn.size())
                                                : 0;
                sent->dataIn.resize(sent->dataIn.size() - missing);
                reply.data = std::move(sent->dataIn);
            }
            if (reply.good() && sent->transfer && sent->transfer->kind != DataTransfer::Kind::Flush &&
                task->residual_status != SCSI_RESIDUAL_NO_RESIDUAL) {
                reply.status = ScsiStatus::CheckCondition; // a short read or write is no read or write
                reply.sense = {0x04, 0x44, 0x00};
            }
            scsi_free_scsi_task(task);
            sent->task = nullptr;
        }
        sent->done(std::move(reply));
    }
};

IscsiSession::IscsiSession(IscsiSettings settings) : m_settings(std::move(settings)) { m_nextTry = now(); }

IscsiSession::~IscsiSession() { destroyContext(); }

Instant IscsiSession::now() const { return platform::monotonicNow(); }

std::string IscsiSession::contextError() const {
    const char* text = m_context ? iscsi_get_error(m_context) : nullptr;
    std::string line = text && *text ? text : "no answer";
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

int IscsiSession::descriptor() const { return m_context ? iscsi_get_fd(m_context) : -1; }

short IscsiSession::events() const {
    return m_context ? static_cast<short>(iscsi_which_events(m_context) | POLLRDHUP) : short{0};
}

void IscsiSession::connect() {
    m_context = iscsi_create_context(m_settings.initiator.c_str());
    if (!m_context) return fail("no memory for a session");
    m_stage = Stage::Connecting;
    m_loginDeadline = now() + m_settings.loginDeadline;
    iscsi_set_noautoreconnect(m_context, 1);
    // A locally administered OUI: the initiator name tells the nodes apart, the qualifier the LUNs.
    iscsi_set_isid_oui(m_context, 0x02d7ad, m_settings.isidQualifier & 0xffffff);
    iscsi_set_targetname(m_context, m_settings.target.c_str());
    iscsi_set_session_type(m_context, ISCSI_SESSION_NORMAL);
    iscsi_set_header_digest(m_context, ISCSI_HEADER_DIGEST_NONE_CRC32C);
    iscsi_set_timeout(m_context, 0);
    if (!m_settings.chapUser.empty())
        iscsi_set_initiator_username_pwd(m_context, m_settings.chapUser.c_str(), m_settings.chapSecret.c_str());
    if (iscsi_connect_async(m_context, m_settings.portal.c_str(), &Callbacks::connected, this) != 0)
        return fail("connect to " + m_settings.portal + ": " + contextError());
    const linger cut{1, 0};
    ::setsockopt(descriptor(), SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
}

void IscsiSession::loggedIn() { testReady(0); }

// The first commands of a nexus meet its unit attentions.
void IscsiSession::testReady(unsigned tries) {
    execute(testUnitReadyCommand(), m_loginDeadline, [this, tries](ScsiReply reply) {
        if (reply.good()) return readCapacity();
        // A reservation of the other node may refuse TEST UNIT READY; the session is well all the same.
        if (reply.conflict()) return readCapacity();
        const bool again = reply.checkCondition() && (reply.sense.unitAttention() || reply.sense.notReady());
        if (again && tries < maxLoginAttentions) return testReady(tries + 1);
        if (!m_broken) m_broken = "TEST UNIT READY: " + toText(reply);
    });
}

void IscsiSession::readCapacity() {
    execute(readCapacityCommand(), m_loginDeadline, [this](ScsiReply reply) {
        if (!reply.good()) {
            if (!m_broken) m_broken = "READ CAPACITY (16): " + toText(reply);
            return;
        }
        const Result<Capacity> capacity = decodeCapacity(reply.data);
        if (!capacity) {
            if (!m_broken) m_broken = capacity.error().text();
            return;
        }
        m_capacity = capacity.value();
        m_stage = Stage::Up;
        m_nopsUnanswered = 0;
        m_nextNop = now() + m_settings.nopInterval;
        if (onUp) onUp(m_capacity);
    });
}

void IscsiSession::service(short revents) {
    if (!m_context || revents == 0) return;
    m_inService = true;
    const int result = iscsi_service(m_context, revents & ~POLLRDHUP);
    m_inService = false;
    if (result < 0 && !m_broken) m_broken = contextError();
    if ((revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0 && !m_broken)
        m_broken = "the array closed the connection";
    if (m_broken) fail(*m_broken);
}

void IscsiSession::tick() {
    const Instant at = now();
    std::vector<std::function<void()>> over;
    for (auto each = m_pauses.begin(); each != m_pauses.end();) {
        if (each->until > at) {
            ++each;
            continue;
        }
        over.push_back(std::move(each->done));
        each = m_pauses.erase(each);
    }
    for (const auto& done : over)
        done();

    if (m_stage == Stage::Waiting && at >= m_nextTry) connect();
    if (m_stage == Stage::Connecting && at >= m_loginDeadline)
        return fail("no login at " + m_settings.portal + " within " + dyad::toText(m_settings.loginDeadline));
    for (const std::shared_ptr<Sent>& each : m_sent)
        if (each->deadline <= at)
            return breakDown(ScsiReply::Delivery::Late,
                             std::string(each->transfer ? "a read or write" : "a reservation command") +
                                 " was not answered within " + dyad::toText(at - each->sentAt));
    if (m_stage == Stage::Up && at >= m_nextNop) {
        // Some arrays answer nothing while they carry out a reset; that has a deadline of its own.
        const bool resetting = std::any_of(m_sent.begin(), m_sent.end(), [](const auto& each) { return each->reset; });
        if (resetting) m_nopsUnanswered = 0;
        if (m_nopsUnanswered >= m_settings.nopMisses)
            return fail("the array did not answer for " + dyad::toText(m_settings.nopInterval * m_settings.nopMisses));
        sendNop();
    }
    if (m_broken) fail(*m_broken);
}

void IscsiSession::giveUp(const std::string& why) {
    if (m_context && !m_broken) m_broken = why;
}

Instant IscsiSession::nextDeadline() const {
    if (m_broken) return now();
    Instant next = m_stage == Stage::Waiting ? m_nextTry : m_stage == Stage::Connecting ? m_loginDeadline : m_nextNop;
    for (const std::shared_ptr<Sent>& each : m_sent)
        next = std::min(next, each->deadline);
    for (const Pause& each : m_pauses)
        next = std::min(next, each.until);
    return next;
}

void IscsiSession::sendNop() {
    ++m_nopsUnanswered;
    m_nextNop = now() + m_settings.nopInterval;
    if (iscsi_nop_out_async(m_context, &Callbacks::nopAnswered, nullptr, 0, this) != 0) m_broken = contextError();
}

void IscsiSession::fail(const std::string& why) { breakDown(ScsiReply::Delivery::NoPath, why); }

// Everything on the way is answered first, then the core hears that the session is gone.
void IscsiSession::breakDown(ScsiReply::Delivery delivery, const std::string& why) {
    const std::string reason = why; // `why` may be m_broken itself
    const bool wasUp = m_stage == Stage::Up;
    m_stage = Stage::Waiting;
    m_nextTry = now() + (wasUp ? Duration(0) : m_settings.loginPause);
    destroyContext();
    m_broken.reset();
    std::list<std::shared_ptr<Sent>> lost;
    lost.swap(m_sent);
    const Instant at = now();
    for (const std::shared_ptr<Sent>& each : lost) {
        ScsiReply reply;
        reply.delivery = each->deadline <= at && !each->transfer ? delivery : ScsiReply::Delivery::NoPath;
        reply.sentAt = each->sentAt;
        reply.why = reason;
        each->done(std::move(reply));
    }
    std::list<Pause> pauses;
    pauses.swap(m_pauses);
    for (const Pause& each : pauses)
        each.done();
    m_broken.reset(); // the login steps among the lost ones have set it
    if (wasUp && onDown) onDown(reason);
    if (!wasUp && onFailed) onFailed(reason);
}

void IscsiSession::destroyContext() {
    if (!m_context) return;
    // Callbacks that libiscsi makes while it cancels find their request still listed and leave it alone.
    iscsi_destroy_context(m_context);
    m_context = nullptr;
    for (const std::shared_ptr<Sent>& each : m_sent) {
        if (each->task) scsi_free_scsi_task(each->task);
        each->task = nullptr;
    }
}

void IscsiSession::submit(std::shared_ptr<Sent> sent) {
    sent->session = this;
    sent->sentAt = now();
    const auto refuse = [&sent](const std::string& why) {
        ScsiReply reply;
        reply.sentAt = sent->sentAt;
        reply.why = why;
        sent->done(std::move(reply));
    };
    if (!m_context || m_broken) return refuse("no session with the array");
    if (sent->reset) {
        m_sent.push_back(sent);
        // Not iscsi_task_mgmt_lun_reset_async: that one cancels our own tasks while their bytes are being sent.
        if (iscsi_task_mgmt_async(m_context, m_settings.lun, ISCSI_TM_LUN_RESET, 0xffffffff, 0, &Callbacks::finished,
                                  sent.get()) == 0)
            return;
        m_sent.pop_back();
        return refuse(contextError());
    }
    const std::size_t out = sent->transfer && sent->transfer->kind == DataTransfer::Kind::Write
                                ? sent->transfer->bytes.size()
                                : sent->command.dataOut.size();
    const std::size_t in = sent->command.dataInLength;
    const int direction = out > 0 ? SCSI_XFER_WRITE : in > 0 ? SCSI_XFER_READ : SCSI_XFER_NONE;
    sent->task = scsi_create_task(static_cast<int>(sent->command.cdbLength), sent->command.cdb.data(), direction,
                                  static_cast<int>(out > 0 ? out : in));
    if (!sent->task) return refuse("no memory for a command");
    if (sent->transfer) {
        sent->vector = {sent->transfer->bytes.data(), sent->transfer->bytes.size()};
    } else if (out > 0) {
        sent->vector = {sent->command.dataOut.data(), out};
    } else if (in > 0) {
        sent->dataIn.assign(in, 0);
        sent->vector = {sent->dataIn.data(), in};
    }
    if (out > 0)
        scsi_task_set_iov_out(sent->task, &sent->vector, 1);
    else if (in > 0)
        scsi_task_set_iov_in(sent->task, &sent->vector, 1);
    m_sent.push_back(sent);
    if (iscsi_scsi_command_async(m_context, m_settings.lun, sent->task, &Callbacks::finished, nullptr, sent.get()) == 0)
        return;
    m_sent.pop_back();
    scsi_free_scsi_task(sent->task);
    sent->task = nullptr;
    refuse(contextError());
}

void IscsiSession::execute(ScsiCommand command, Instant deadline, Done done) {
    auto sent = std::make_shared<Sent>();
    sent->command = std::move(command);
    sent->deadline = deadline;
    sent->done = std::move(done);
    submit(std::move(sent));
}

void IscsiSession::transfer(std::shared_ptr<DataTransfer> transfer, Done done) {
    auto sent = std::make_shared<Sent>();
    const std::uint64_t block = transfer->offset / std::max<std::uint32_t>(m_capacity.blockBytes, 1);
    const auto blocks =
        static_cast<std::uint32_t>(transfer->bytes.size() / std::max<std::uint32_t>(m_capacity.blockBytes, 1));
    switch (transfer->kind) {
    case DataTransfer::Kind::Read: sent->command = readCommand(block, blocks, transfer->bytes.size()); break;
    case DataTransfer::Kind::Write: sent->command = writeCommand(block, blocks); break;
    case DataTransfer::Kind::Flush: sent->command = synchronizeCacheCommand(); break;
    }
    sent->transfer = std::move(transfer);
    sent->deadline = now() + m_settings.ioDeadline;
    sent->done = std::move(done);
    submit(std::move(sent));
}

void IscsiSession::resetLun(Instant deadline, Done done) {
    auto sent = std::make_shared<Sent>();
    sent->reset = true;
    sent->deadline = deadline;
    sent->done = std::move(done);
    submit(std::move(sent));
}

void IscsiSession::pause(Duration duration, std::function<void()> done) {
    if (m_stage == Stage::Waiting) return done();
    m_pauses.push_back({now() + duration, std::move(done)});
}

} // namespace dyad::storage
