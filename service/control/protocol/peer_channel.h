// SPDX-License-Identifier: Apache-2.0
// The way from one node's service to the other's: the same control protocol that operators use. Real:
// control/client/peer_access.h.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <QByteArray>

#include <functional>
#include <string>

namespace dyad::control {

struct PeerQuestion {
    QByteArray method = "GET";
    QByteArray target; // path and query, percent-encoded: "/v1/state"
    QByteArray body;
    QByteArray idempotencyKey; // of what must not happen twice
    // The operator for whom it is asked; empty: the node asks for itself.
    std::string operatorName;
    std::string operatorRole;
    std::string operatorAddress;
    Duration patience{3s}; // for the whole, over all links
    qint64 largestAnswer = 4 * 1024 * 1024;
};

struct PeerAnswer {
    unsigned status = 0; // of HTTP; 0: there was no answer, see `error`
    QByteArray contentType;
    QByteArray body;
    // There was no answer, and yet the peer may have got the question and may act on it.
    bool mayHaveArrived = false;
    Error error{};

    [[nodiscard]] bool answered() const { return status != 0; }
};

class PeerChannel {
public:
    virtual ~PeerChannel() = default;
    using Answered = std::function<void(const PeerAnswer&)>;

    // Doesn't block; `answered` is called once, later. The links are tried one after the other, a living one first, each
    // a little after the one before; what changes something is sent over one link at a time.
    virtual void ask(const PeerQuestion& question, Answered answered) = 0;
    [[nodiscard]] virtual const std::string& peerName() const = 0;
};

} // namespace dyad::control
