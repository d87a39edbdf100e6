// SPDX-License-Identifier: Apache-2.0
// Errors are values. An Error says what was tried, on what, what came back and what to do about it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace dyad {

struct Error {
    std::string tried;    // "mount ext4", "bind UDP socket"
    std::string on;       // the thing it was tried on: a path, an address, file:line:column
    std::string cameBack; // errno in words with its number, sense key/ASC/ASCQ, a value that is out of range
    std::string remedy;   // what the administrator can do next; empty where nothing sensible can be said

    // One line: "mount ext4 on /srv/erp: device busy (16). Remedy."
    [[nodiscard]] std::string text() const {
        std::string line = tried;
        if (!on.empty()) line += (line.empty() ? "" : " ") + on;
        if (!cameBack.empty()) line += (line.empty() ? "" : ": ") + cameBack;
        if (!remedy.empty()) line += ". " + remedy;
        return line;
    }
};

// Either a value or an Error. value() and error() check that they are there, also in release builds.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] const T& value() const& {
        DYAD_CHECK(ok(), "the value of a failed Result was asked for");
        return std::get<0>(m_state);
    }
    [[nodiscard]] T& value() & {
        DYAD_CHECK(ok(), "the value of a failed Result was asked for");
        return std::get<0>(m_state);
    }
    [[nodiscard]] T value() && {
        DYAD_CHECK(ok(), "the value of a failed Result was asked for");
        return std::get<0>(std::move(m_state));
    }
    [[nodiscard]] const Error& error() const {
        DYAD_CHECK(!ok(), "the error of a successful Result was asked for");
        return std::get<1>(m_state);
    }

private:
    std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    [[nodiscard]] bool ok() const { return !m_error.has_value(); }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const Error& error() const {
        DYAD_CHECK(!ok(), "the error of a successful Result was asked for");
        return *m_error;
    }

private:
    std::optional<Error> m_error;
};

} // namespace dyad
