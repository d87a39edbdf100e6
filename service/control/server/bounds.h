// SPDX-License-Identifier: Apache-2.0
// What the control server spends at most. Before a token was shown, one connection costs its TLS state, one header,
// one body and one read buffer; `connections` of them is all that a stranger can make the service hold.
#pragma once

#include "base/time.h"

#include <cstddef>

namespace dyad::control {

struct Bounds {
    std::size_t headerBytes = 8 * 1024; // request line and fields
    std::size_t bodyBytes = 4 * 1024;   // orders are tiny
    std::size_t largestBodyBytes = 16 * 1024 * 1024; // of the routes that say so, for those who may use them
    std::size_t readBufferBytes = 16 * 1024;
    std::size_t connections = 64; // over all addresses; then the oldest that has shown no token gives way
    std::size_t connectionsPerAddress = 16;
    std::size_t eventStreams = 16;
    std::size_t outputBytes = 256 * 1024; // nothing is added to a queue that holds more; one message may go beyond it
    std::size_t journalPage = 1000;       // entries of one answer
    std::size_t streamBatch = 64;         // entries read from the journal at once for a stream that is behind
    unsigned handshakeBurst = 200;        // TLS handshakes of one address at once; then one every `handshakeRefill`
    Duration handshakeRefill = 10ms;
    unsigned wrongTokenBurst = 10; // answered 401; then 429 until one every `wrongTokenRefill` has come back
    Duration wrongTokenRefill = 2s;
    Duration handshake = 5s;              // from accept to the end of the TLS handshake
    Duration request = 10s;               // from the end of the last answer to the last byte of the next request
    Duration order = 30s;                 // the service must have answered an order
    Duration stalled = 15s;               // output waits and the reader takes nothing: dropped
    Duration linger = 1s;                 // an error answer is left for the peer to read before the connection closes
    Duration keepAlive = 5s;              // a comment on each event stream
    Duration stateInterval = 50ms;        // between two views on an event stream: at most 20 a second
    Duration viewRefresh = 1s;            // a view at least this often: round trips and loss change without an event
    Duration bindRetry = 2s;              // an address that the host doesn't have yet is tried again
};

} // namespace dyad::control
