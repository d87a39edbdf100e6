// SPDX-License-Identifier: Apache-2.0
// One way by which a name reaches its addresses: a DNS server, multicast DNS, /etc/hosts. The agent (alias_agent.h)
// says when; it repeats what failed, with longer and longer pauses, and raises the alarm.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace dyad::network {

class AliasWay {
public:
    // In words what is true now; or what couldn't be done, with its remedy.
    using Done = std::function<void(const Result<std::string>&)>;

    virtual ~AliasWay() = default;
    std::function<void(const Error&)> onLost; // what an earlier attempt brought about has ended, unasked

    [[nodiscard]] virtual const char* word() const = 0;
    // claim: make it so, whatever it was. Else: look as a client would, and put right what differs. Doesn't block;
    // `done` is called once, from the event loop, unless another attempt or leave() comes before.
    virtual void attempt(bool claim, Done done) = 0;
    // Ends what is under way and what must not outlive the resource on this node. `done` may be called at once.
    virtual void leave(std::function<void()> done) = 0;
};

} // namespace dyad::network
