// SPDX-License-Identifier: Apache-2.0
// A tar archive (POSIX.1-1988 ustar) in a gzip member (RFC 1952), made in memory.
#pragma once

#include <QByteArray>

#include <cstdint>
#include <string>

namespace dyad::cli {

class TarGz {
public:
    static constexpr std::size_t maxNameBytes = 99;
    // A regular file of mode 0600, owned by root. `name` is relative, without "..", at most maxNameBytes.
    void add(const std::string& name, const QByteArray& content, std::int64_t wallMs);
    [[nodiscard]] QByteArray finish(); // the whole file
    [[nodiscard]] qsizetype bytes() const { return m_tar.size(); }

private:
    QByteArray m_tar;
};

} // namespace dyad::cli
