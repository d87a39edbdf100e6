// SPDX-License-Identifier: Apache-2.0
#include "agents/bus_connection.h"

#include <algorithm>
#include <cstdlib>
#include <poll.h>

#include "base/errno_text.h"
#include "base/overloaded.h"
#include "platform/linux/monotonic_clock.h"

namespace dyad::agents {

namespace {

std::uint64_t inMicroseconds(Duration duration) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

int append(sd_bus_message* message, const BusArgument& argument) {
    return std::visit(
        Overloaded{
            [&](const std::string& text) {
                return sd_bus_message_append_basic(message, SD_BUS_TYPE_STRING, text.c_str());
            },
            [&](std::int32_t number) { return sd_bus_message_append_basic(message, SD_BUS_TYPE_INT32, &number); },
        },
        argument);
}

} // namespace

std::string systemBusAddress() {
    const char* given = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
    return given != nullptr && *given != '\0' ? given : "unix:path=/run/dbus/system_bus_socket";
}

BusConnection::BusConnection(std::string address)
    : m_address(std::move(address)), m_due([this] { process(); }), m_reopen([this] { connect(); }) {}

BusConnection::~BusConnection() { drop(); }

void BusConnection::open() {
    if (m_bus == nullptr && !m_reopen.running()) m_reopen.start(Duration(0)); // so that nobody is called from within
}

void BusConnection::connect() {
    int result = sd_bus_new(&m_bus);
    if (result >= 0) result = sd_bus_set_address(m_bus, m_address.c_str());
    if (result >= 0) result = sd_bus_set_bus_client(m_bus, 1);
    if (result >= 0) result = sd_bus_start(m_bus);
    if (result < 0) return lost("connect to " + m_address + ": " + errnoText(-result));
    watch();
    process();
}

void BusConnection::call(const BusCall& call, Answered answered) {
    const std::string what = "ask " + call.destination + " for " + call.member;
    if (!m_isOpen) return answered(nullptr, what + ": there is no connection to " + m_address);
    sd_bus_message* message = nullptr;
    int result = sd_bus_message_new_method_call(m_bus, &message, call.destination.c_str(), call.path.c_str(),
                                                call.interface.c_str(), call.member.c_str());
    for (const BusArgument& argument : call.arguments)
        if (result >= 0) result = append(message, argument);
    m_waiting.push_back({this, nullptr, std::move(answered)});
    Waiting& waiting = m_waiting.back();
    if (result >= 0)
        result = sd_bus_call_async(m_bus, &waiting.slot, message, &BusConnection::answerCame, &waiting,
                                   inMicroseconds(busAnswerTime));
    sd_bus_message_unref(message);
    if (result >= 0) return watch();
    const Answered refused = std::move(waiting.answered);
    m_waiting.pop_back();
    refused(nullptr, what + ": " + errnoText(-result));
}

void BusConnection::listen(const std::string& match, Heard heard) {
    const bool known =
        std::any_of(m_listening.begin(), m_listening.end(), [&](const Listening& each) { return each.match == match; });
    if (!m_isOpen || known) return;
    m_listening.push_back({this, nullptr, match, std::move(heard)});
    Listening& listening = m_listening.back();
    if (sd_bus_add_match_async(m_bus, &listening.slot, match.c_str(), &BusConnection::signalCame, nullptr, &listening) <
        0)
        m_listening.pop_back();
    watch();
}

int BusConnection::answerCame(sd_bus_message* message, void* waiting, sd_bus_error*) {
    auto& entry = *static_cast<Waiting*>(waiting);
    BusConnection& self = *entry.owner;
    const Answered answered = std::move(entry.answered);
    sd_bus_slot_unref(entry.slot);
    self.m_waiting.remove_if([&](const Waiting& each) { return &each == &entry; });
    const sd_bus_error* error = sd_bus_message_get_error(message);
    if (error == nullptr)
        answered(message, "");
    else
        answered(nullptr, std::string(error->message != nullptr ? error->message : "") +
                              (error->name != nullptr ? " (" + std::string(error->name) + ")" : ""));
    return 1;
}

int BusConnection::signalCame(sd_bus_message* message, void* listening, sd_bus_error*) {
    const Heard heard = static_cast<Listening*>(listening)->heard; // the call may end the connection
    heard(message);
    return 0; // others listen, too
}

void BusConnection::process() {
    const std::weak_ptr<int> life = m_life;
    for (int messages = 0; messages < maxBusMessagesPerTurn; ++messages) {
        if (m_bus == nullptr) return; // lost within a call
        const int result = sd_bus_process(m_bus, nullptr);
        if (life.expired() || m_bus == nullptr) return;
        if (result < 0 || sd_bus_is_open(m_bus) <= 0)
            return lost("the connection to " + m_address + " is gone: " + errnoText(result < 0 ? -result : ECONNRESET));
        if (!m_isOpen && sd_bus_is_ready(m_bus) > 0) {
            m_isOpen = true;
            if (onOpen) onOpen();
            if (life.expired()) return;
            continue; // what was asked just now is to be sent
        }
        if (result == 0) return watch();
    }
    m_due.start(Duration(0)); // the others have their turn first
}

// What is to wake us next.
void BusConnection::watch() {
    if (m_bus == nullptr) return;
    const int descriptor = sd_bus_get_fd(m_bus);
    const int events = sd_bus_get_events(m_bus);
    if (descriptor < 0 || events < 0) return m_due.start(Duration(0)); // process() will say what is wrong
    if (descriptor != m_descriptor) {
        m_readable.reset();
        m_writable.reset();
        m_descriptor = descriptor;
        m_readable = std::make_unique<DescriptorWatch>(descriptor, QSocketNotifier::Read, [this] { process(); });
    }
    if ((events & POLLOUT) == 0)
        m_writable.reset();
    else if (!m_writable)
        m_writable = std::make_unique<DescriptorWatch>(descriptor, QSocketNotifier::Write, [this] { process(); });
    std::uint64_t due = 0;
    if (sd_bus_get_timeout(m_bus, &due) < 0 || due == UINT64_MAX) return m_due.stop();
    const auto now = static_cast<std::uint64_t>(platform::monotonicNow().nanoseconds() / 1000);
    m_due.start(due <= now ? Duration(0) : Duration(std::chrono::microseconds(due - now)));
}

void BusConnection::lost(const std::string& why) {
    const std::weak_ptr<int> life = m_life;
    std::list<Waiting> waiting;
    waiting.swap(m_waiting);
    for (Waiting& each : waiting)
        sd_bus_slot_unref(each.slot);
    drop();
    m_reopen.start(busReopenTime);
    for (const Waiting& each : waiting) {
        each.answered(nullptr, why);
        if (life.expired()) return;
    }
    if (onLost) onLost(why);
}

void BusConnection::drop() {
    m_readable.reset();
    m_writable.reset();
    m_descriptor = -1;
    m_due.stop();
    m_reopen.stop();
    m_isOpen = false;
    for (Waiting& each : m_waiting)
        sd_bus_slot_unref(each.slot);
    for (Listening& each : m_listening)
        sd_bus_slot_unref(each.slot);
    m_waiting.clear();
    m_listening.clear();
    if (m_bus == nullptr) return;
    sd_bus_close(m_bus);
    m_bus = sd_bus_unref(m_bus);
}

} // namespace dyad::agents
