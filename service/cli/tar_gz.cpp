// SPDX-License-Identifier: Apache-2.0
#include "cli/tar_gz.h"

#include <array>
#include <cstdio>
#include <cstring>

namespace dyad::cli {

namespace {

constexpr qsizetype block = 512;

// CRC-32 of RFC 1952, section 8.
std::uint32_t crc32(const QByteArray& bytes) {
    static const std::array<std::uint32_t, 256> table = [] {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit)
                value = (value & 1) != 0 ? 0xedb88320U ^ (value >> 1) : value >> 1;
            made[i] = value;
        }
        return made;
    }();
    std::uint32_t crc = 0xffffffffU;
    for (const char byte : bytes)
        crc = table[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (crc >> 8);
    return ~crc;
}

void appendLittle(QByteArray& to, std::uint32_t value) {
    for (int i = 0; i < 4; ++i)
        to.append(static_cast<char>(value >> (8 * i)));
}

} // namespace

void TarGz::add(const std::string& name, const QByteArray& content, std::int64_t wallMs) {
    std::array<char, block> header{};
    const auto octal = [&](std::size_t at, std::size_t width, std::uint64_t value) {
        std::snprintf(header.data() + at, width, "%0*llo", static_cast<int>(width - 1),
                      static_cast<unsigned long long>(value));
    };
    std::snprintf(header.data(), maxNameBytes + 1, "%s", name.c_str());
    octal(100, 8, 0600);
    octal(108, 8, 0);
    octal(116, 8, 0);
    octal(124, 12, static_cast<std::uint64_t>(content.size()));
    octal(136, 12, static_cast<std::uint64_t>(wallMs / 1000));
    std::memset(header.data() + 148, ' ', 8);
    header[156] = '0';
    std::memcpy(header.data() + 257,
                "ustar\0"
                "00",
                8);
    std::snprintf(header.data() + 265, 32, "root");
    std::snprintf(header.data() + 297, 32, "root");
    unsigned sum = 0;
    for (const char byte : header)
        sum += static_cast<std::uint8_t>(byte);
    std::snprintf(header.data() + 148, 8, "%06o", sum);
    header[155] = ' ';
    m_tar.append(header.data(), block);
    m_tar.append(content);
    if (const qsizetype rest = content.size() % block; rest != 0) m_tar.append(QByteArray(block - rest, '\0'));
}

QByteArray TarGz::finish() {
    m_tar.append(QByteArray(2 * block, '\0'));
    // qCompress: four bytes of length, then zlib (RFC 1950): two bytes of header, deflate, four bytes of checksum.
    constexpr qsizetype before = 4 + 2, after = 4;
    const QByteArray packed = qCompress(m_tar, 6);
    QByteArray file = QByteArray::fromHex("1f8b0800000000000003");
    file.append(packed.mid(before, packed.size() - before - after));
    appendLittle(file, crc32(m_tar));
    appendLittle(file, static_cast<std::uint32_t>(m_tar.size()));
    m_tar.clear();
    return file;
}

} // namespace dyad::cli
