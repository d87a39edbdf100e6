// SPDX-License-Identifier: Apache-2.0
// Orders that carry an Idempotency-Key are carried out once: a repeat gets the answer of the first, or waits for it.
// Bounded in number and in time. Pure; time is an argument.
#pragma once

#include "base/time.h"
#include "control/server/http.h"

#include <QByteArray>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dyad::control {

class OrderMemory {
public:
    static constexpr std::size_t maxRemembered = 1024;
    static constexpr std::size_t maxWaiting = 16; // repeats of one order that isn't answered yet
    static constexpr Duration kept = 60min;
    static constexpr qsizetype maxKeyBytes = 128;

    using Answered = std::function<void(const Response&)>;
    enum class Found {
        New,     // carry it out, then call remember()
        Known,   // `answered` was called with the first one's answer
        Waiting, // `answered` is called with the first one's answer once that is there
        Other,   // the key stands for another order
        Full,    // nothing more can be remembered now
    };

    // `who` and `key` name the order; `digest` is of what was asked for.
    [[nodiscard]] Found look(const std::string& who, const QByteArray& key, const QByteArray& digest, Instant now,
                             const Answered& answered);
    void remember(const std::string& who, const QByteArray& key, const Response& response, Instant now);
    [[nodiscard]] std::size_t size() const { return m_rows.size(); }

private:
    using Name = std::pair<std::string, QByteArray>;
    struct Row {
        QByteArray digest;
        Instant at;
        bool done = false;
        Response response;
        std::vector<Answered> waiting;
    };
    [[nodiscard]] bool makeRoom(Instant now);

    std::map<Name, Row> m_rows;
};

} // namespace dyad::control
