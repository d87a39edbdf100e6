// SPDX-License-Identifier: Apache-2.0
// A connection to a message bus (D-Bus) on the event loop, by libsystemd's sd-bus. No call blocks: connecting, logging
// in and every answer come later. A connection that is lost is made anew by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <systemd/sd-bus.h>
#include <variant>
#include <vector>

#include "agents/descriptor_watch.h"
#include "agents/timer.h"

namespace dyad::agents {

inline constexpr Duration busAnswerTime = 4s;    // an answer that takes longer is none
inline constexpr Duration busReopenTime = 500ms; // between two tries to connect
inline constexpr int maxBusMessagesPerTurn = 64; // a bus that is flooded must not keep the event loop

// DBUS_SYSTEM_BUS_ADDRESS, or where the system's bus always is.
[[nodiscard]] std::string systemBusAddress();

using BusArgument = std::variant<std::string, std::int32_t>;

struct BusCall {
    std::string destination; // "org.freedesktop.systemd1"
    std::string path;
    std::string interface;
    std::string member;
    std::vector<BusArgument> arguments;
};

class BusConnection {
public:
    // `answer` is null where there is none, and `error` then says why.
    using Answered = std::function<void(sd_bus_message* answer, const std::string& error)>;
    using Heard = std::function<void(sd_bus_message* signal)>;

    explicit BusConnection(std::string address);
    ~BusConnection(); // nobody is called any more
    BusConnection(const BusConnection&) = delete;
    BusConnection& operator=(const BusConnection&) = delete;

    std::function<void()> onOpen;                       // also each time that it is there again; matches are gone then
    std::function<void(const std::string& why)> onLost; // also for each try that fails; calls were answered before

    void open();
    [[nodiscard]] bool isOpen() const { return m_isOpen; }
    // Where it isn't open, or can't be sent, `answered` is called at once.
    void call(const BusCall& call, Answered answered);
    // Until the connection is lost; the same match again is the same. `match` as in the D-Bus specification, "Match
    // Rules".
    void listen(const std::string& match, Heard heard);

private:
    struct Waiting {
        BusConnection* owner = nullptr;
        sd_bus_slot* slot = nullptr;
        Answered answered;
    };
    struct Listening {
        BusConnection* owner = nullptr;
        sd_bus_slot* slot = nullptr;
        std::string match;
        Heard heard;
    };

    static int answerCame(sd_bus_message* message, void* waiting, sd_bus_error* error);
    static int signalCame(sd_bus_message* message, void* listening, sd_bus_error* error);
    void connect();
    void process();
    void watch();
    void lost(const std::string& why);
    void drop();

    std::string m_address;
    sd_bus* m_bus = nullptr;
    bool m_isOpen = false;
    int m_descriptor = -1;
    std::list<Waiting> m_waiting;
    std::list<Listening> m_listening;
    std::unique_ptr<DescriptorWatch> m_readable;
    std::unique_ptr<DescriptorWatch> m_writable;
    Timer m_due; // sd-bus has something to do without the descriptor: an answer that is late, or more in its queue
    Timer m_reopen;
    std::shared_ptr<int> m_life = std::make_shared<int>(0); // told by whoever calls out
};

} // namespace dyad::agents
