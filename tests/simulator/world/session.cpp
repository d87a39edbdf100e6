// SPDX-License-Identifier: Apache-2.0
#include "world/session.h"

#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

using storage::DataTransfer;
using storage::ScsiCommand;
using storage::ScsiReply;

namespace {

// As lun/iscsi_session.h has them.
constexpr Duration loginDeadline = 1s;
constexpr Duration loginPause = 100ms;
constexpr Duration nopInterval = 50ms;
constexpr int nopMisses = 4;
constexpr Duration ioDeadline = 10s;
constexpr int loginTravels = 5; // connect, login, TEST UNIT READY, READ CAPACITY, and some work

} // namespace

Session::Session(World& world, std::uint8_t node, std::uint16_t lun, std::uint64_t seed)
    : m_world(world), m_node(node), m_lun(lun), m_dice(seed, 0x2000u + lun * 2u + node) {}

Instant Session::now() const { return m_world.host(m_node).local(); }

Duration Session::travel() {
    const Options& options = m_world.options();
    return std::chrono::microseconds(options.arrayDelayUs) +
           m_dice.upTo(std::chrono::microseconds(options.arrayJitterUs));
}

void Session::planTry(Duration after) {
    m_stage = Stage::Waiting;
    m_world.plan(after, {.life = m_life, .target = m_lun, .node = m_node, .what = Happens::SessionTry});
}

void Session::begin() {
    ++m_life;
    planTry(Duration(0));
}

void Session::end() {
    ++m_life;
    m_stage = Stage::Ended;
    for (const std::uint32_t each : m_sent) {
        Command& command = m_world.commands().at(each);
        command.done = nullptr;
        command.atHost = false;
        m_world.commands().letGo(each);
    }
    m_sent.clear();
    m_pauses.clear();
    for (const Stuck& each : std::exchange(m_stuck, {}))
        m_world.forget(each.command);
}

void Session::tryLogin(std::uint32_t life) {
    if (life != m_life || m_stage != Stage::Waiting) return;
    if (m_world.arrayAway()) return planTry(loginPause);
    m_stage = Stage::Connecting;
    const bool reaches = m_world.pathWorks(m_node, m_lun);
    m_world.plan(
        reaches ? loginTravels * travel() : loginDeadline,
        {.life = m_life, .item = reaches ? 1u : 0u, .target = m_lun, .node = m_node, .what = Happens::SessionLoggedIn});
}

void Session::loggedIn(std::uint32_t life) {
    if (life != m_life || m_stage != Stage::Connecting) return;
    if (m_world.arrayAway() || !m_world.pathWorks(m_node, m_lun)) return planTry(loginPause);
    ++m_life;
    ++m_login;
    m_stage = Stage::Up;
    m_world.unit(m_lun).loggedIn(m_node, m_login);
    m_world.keysMayHaveChanged(m_lun);
    if (onUp) onUp();
}

// The connection is seen to be broken.
void Session::lost(std::uint32_t life, std::uint32_t cuts) {
    if (life != m_life || m_stage != Stage::Up || (cuts != 0 && cuts != m_cuts)) return;
    breakDown(ScsiReply::Delivery::NoPath, "the array did not answer");
}

void Session::pathCut() {
    ++m_cuts;
    if (m_stage != Stage::Up) return;
    // The NOPs go unanswered from here on.
    m_world.plan(nopInterval * nopMisses + m_dice.upTo(nopInterval),
                 {.life = m_life, .item = m_cuts, .target = m_lun, .node = m_node, .what = Happens::SessionLost});
}

void Session::pathHealed() {
    ++m_cuts;
    std::vector<Stuck> stuck;
    stuck.swap(m_stuck);
    for (const Stuck& each : stuck) // sent again by the network, in order
        m_world.plan(Duration(1ms), {.item = each.command,
                                     .target = m_lun,
                                     .node = m_node,
                                     .what = each.toArray ? Happens::CommandArrives : Happens::CommandAnswered});
}

void Session::breakDown(ScsiReply::Delivery delivery, const char* why) {
    const bool wasUp = m_stage == Stage::Up;
    ++m_life;
    // A TCP reset: what the array has not begun with by then is dropped with the connection. Where the path is cut it
    // never arrives, and what the array has received before may be carried out until the next login.
    if (wasUp && m_world.pathWorks(m_node, m_lun))
        m_world.plan(travel(), {.item = m_login, .target = m_lun, .node = m_node, .what = Happens::ConnectionReset});
    const Instant at = now();
    std::vector<std::uint32_t> lost;
    lost.swap(m_sent);
    planTry(wasUp ? Duration(0) : loginPause);
    for (const Stuck& each : std::exchange(m_stuck, {}))
        m_world.forget(each.command);
    for (const std::uint32_t each : lost) {
        Command& command = m_world.commands().at(each);
        ScsiReply reply;
        reply.delivery = command.deadline <= at && !command.data ? delivery : ScsiReply::Delivery::NoPath;
        reply.sentAt = command.reply.sentAt;
        reply.why = why;
        const Done done = std::exchange(command.done, nullptr);
        command.atHost = false;
        m_world.commands().letGo(each);
        done(std::move(reply));
    }
    std::vector<Pause> pauses;
    pauses.swap(m_pauses);
    for (const Pause& each : pauses)
        each.done();
    if (wasUp && onDown) onDown(why);
}

void Session::send(std::uint32_t index) {
    Command& command = m_world.commands().at(index);
    command.atArray = command.atHost = true;
    command.nexus = {m_node, m_login};
    command.boot = m_world.host(m_node).boots();
    command.sessionLife = m_life;
    command.lun = m_lun;
    command.reply.sentAt = now();
    command.reply.delivery = ScsiReply::Delivery::Answered;
    m_sent.push_back(index);
    ++m_world.counts().arrayCommands;
    const std::int64_t arrives = m_world.now().count() + travel().count() + m_world.slowness(m_lun).count();
    m_lastArrival = std::max(m_lastArrival + 1, arrives);
    m_world.plan(Duration(m_lastArrival) - m_world.now(),
                 {.item = index, .target = m_lun, .node = m_node, .what = Happens::CommandArrives});
}

void Session::execute(ScsiCommand command, Instant deadline, Done done) {
    if (m_stage != Stage::Up) {
        ScsiReply reply;
        reply.sentAt = now();
        reply.why = "no session with the array";
        return done(std::move(reply));
    }
    const std::uint32_t index = m_world.commands().make();
    Command& place = m_world.commands().at(index);
    place.command = std::move(command);
    place.deadline = deadline;
    place.done = std::move(done);
    send(index);
}

void Session::transfer(std::shared_ptr<DataTransfer> transfer, Done done) {
    if (m_stage != Stage::Up) return done({});
    const std::uint32_t index = m_world.commands().make();
    Command& place = m_world.commands().at(index);
    place.data = std::move(transfer);
    place.deadline = now() + ioDeadline;
    place.done = std::move(done);
    send(index);
}

void Session::resetLun(Instant deadline, Done done) {
    if (m_stage != Stage::Up) return done({});
    const std::uint32_t index = m_world.commands().make();
    Command& place = m_world.commands().at(index);
    place.reset = true;
    place.deadline = deadline;
    place.done = std::move(done);
    send(index);
}

void Session::pause(Duration duration, std::function<void()> done) {
    if (m_stage != Stage::Up) return done();
    m_pauses.push_back({now() + duration, std::move(done)});
}

// What is still on its way is not called back here: the network may deliver it, as a buffer of the array may.
void Session::giveUp(const std::string&) {
    if (m_stage != Stage::Up) return;
    m_world.plan(Duration(0),
                 {.life = m_life, .item = 0, .target = m_lun, .node = m_node, .what = Happens::SessionLost});
}

void Session::answered(std::uint32_t index) {
    Command& command = m_world.commands().at(index);
    command.atArray = false;
    const auto sent = std::find(m_sent.begin(), m_sent.end(), index);
    if (!command.atHost || sent == m_sent.end() || command.sessionLife != m_life)
        return m_world.commands().letGo(index);
    m_sent.erase(sent);
    const Done done = std::exchange(command.done, nullptr);
    ScsiReply reply = std::move(command.reply);
    command.atHost = false;
    m_world.commands().letGo(index);
    done(std::move(reply));
}

void Session::tick() {
    const Instant at = now();
    for (std::size_t i = 0; i < m_pauses.size();) {
        if (m_pauses[i].until > at) {
            ++i;
            continue;
        }
        const std::function<void()> done = std::move(m_pauses[i].done);
        m_pauses.erase(m_pauses.begin() + static_cast<std::ptrdiff_t>(i));
        done();
    }
    for (const std::uint32_t each : m_sent)
        if (m_world.commands().at(each).deadline <= at)
            return breakDown(ScsiReply::Delivery::Late, "no answer in time");
}

std::optional<Instant> Session::nextDeadline() const {
    std::optional<Instant> next;
    const auto consider = [&next](Instant at) {
        if (!next || at < *next) next = at;
    };
    for (const std::uint32_t each : m_sent)
        consider(m_world.commands().at(each).deadline);
    for (const Pause& each : m_pauses)
        consider(each.until);
    return next;
}

} // namespace dyad::simulator
