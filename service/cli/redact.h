// SPDX-License-Identifier: Apache-2.0
// Takes secrets out of what leaves the host. Pure.
#pragma once

#include <QByteArray>

#include <vector>

namespace dyad::cli {

inline constexpr const char* redacted = "[removed]";
inline constexpr qsizetype shortestSecret = 4; // a shorter value would be found everywhere

class Redactor {
public:
    // A value that must not stand anywhere, in whatever file: a key, a token. Its lines are known one by one, too.
    void know(const QByteArray& secret);
    // Learns the values of keys that name a secret in this text (password = "…", secret: …, iscsi://user%secret@…,
    // a libpq connection string), so that they are found in other files as well.
    void learnFrom(const QByteArray& text);
    // Without what is known and without whatever looks like a secret by the name before it; PEM private keys go whole.
    [[nodiscard]] QByteArray clean(QByteArray text) const;
    // Whether a known secret stands in these bytes, which may be no text.
    [[nodiscard]] bool finds(const QByteArray& bytes) const;

private:
    std::vector<QByteArray> m_known; // the longest first
};

} // namespace dyad::cli
