// SPDX-License-Identifier: Apache-2.0
// How talking to the service can fail, as a caller must tell it apart.
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QUrl>

#include <functional>
#include <optional>
#include <utility>

namespace dyad::control {

struct Failure {
    enum class Kind {
        Unreachable, // nobody answered: no service, no host, no time; another address may do better
        Refused,     // the service answered and said no: token, name, state of things
        Mistrusted,  // somebody answered who doesn't show the pinned certificate
        Unreadable,  // the answer is not what the protocol says
    };
    Kind kind = Kind::Unreachable;
    Error error;
};

template <typename T>
class [[nodiscard]] Reply {
public:
    Reply(T value) : m_value(std::move(value)) {}
    Reply(Failure failure) : m_failure(std::move(failure)) {}
    [[nodiscard]] bool ok() const { return m_value.has_value(); }
    [[nodiscard]] const T& value() const {
        DYAD_CHECK(m_value.has_value(), "the value of a failed Reply was asked for");
        return *m_value;
    }
    [[nodiscard]] const Failure& failure() const {
        DYAD_CHECK(!m_value.has_value(), "the failure of a successful Reply was asked for");
        return m_failure;
    }

private:
    std::optional<T> m_value;
    Failure m_failure;
};

template <typename T>
using WhenReplied = std::function<void(const Reply<T>&)>;

// What an HTTP status from 400 on and its body mean.
[[nodiscard]] Failure failureFromStatus(int status, const QByteArray& body, const QUrl& url);
// Nobody could be asked; `why` is the last thing that went wrong.
[[nodiscard]] Failure unreachable(const QUrl& url, const QString& why);

} // namespace dyad::control
