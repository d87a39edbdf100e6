// SPDX-License-Identifier: Apache-2.0
#include "heart/serial_frame.h"

#include "base/byte_order.h"
#include "base/check.h"

namespace dyad::heart {

namespace {

constexpr std::size_t longestRun = 254; // bytes other than zero behind one length
constexpr std::array<std::uint32_t, 256> crcTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? (value >> 1) ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
    return table;
}();

std::uint32_t crcOf(std::uint32_t crc, std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes)
        crc = (crc >> 8) ^ crcTable[(crc ^ byte) & 0xff];
    return crc;
}

// Writes one run after the other; each begins with its length, and a zero is meant behind it unless it is a full one.
class Stuffer {
public:
    explicit Stuffer(SerialFrame& out) : m_out(out) { m_out[0] = 0; }

    void put(std::span<const std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) {
            if (byte != 0) m_out[m_next++] = byte;
            if (byte == 0 || m_next - m_length > longestRun) beginRun();
        }
    }
    std::size_t end() {
        m_out[m_length] = static_cast<std::uint8_t>(m_next - m_length);
        m_out[m_next++] = 0;
        return m_next;
    }

private:
    void beginRun() {
        m_out[m_length] = static_cast<std::uint8_t>(m_next - m_length);
        m_length = m_next++;
    }

    SerialFrame& m_out;
    std::size_t m_length = 1; // where the present run's length goes
    std::size_t m_next = 2;
};

} // namespace

std::uint32_t serialCheck(std::span<const std::uint8_t> bytes) { return ~crcOf(0xffffffffu, bytes); }

std::size_t toSerialFrame(std::span<const std::uint8_t> datagram, SerialFrame& out) {
    DYAD_CHECK(datagram.size() <= wire::maxDatagramBytes, "a datagram is too long for the serial line");
    std::array<std::uint8_t, model::serialCheckBytes> check{};
    storeLittle(std::span<std::uint8_t>(check), serialCheck(datagram));
    Stuffer stuffer(out);
    stuffer.put(datagram);
    stuffer.put(check);
    return stuffer.end();
}

void SerialReader::forget() {
    m_filled = 0;
    m_tooLong = false;
}

std::optional<std::span<const std::uint8_t>> SerialReader::take(std::uint8_t byte) {
    if (byte == 0) return finish();
    if (m_filled == m_bytes.size())
        m_tooLong = true;
    else
        m_bytes[m_filled++] = byte;
    return std::nullopt;
}

std::optional<std::span<const std::uint8_t>> SerialReader::finish() {
    const std::size_t stuffed = m_filled;
    const bool tooLong = m_tooLong;
    forget();
    if (stuffed == 0) return std::nullopt; // between two frames
    std::size_t plain = 0;
    bool sound = !tooLong;
    for (std::size_t at = 0; sound && at < stuffed;) {
        const std::size_t length = m_bytes[at++];
        if (at + length - 1 > stuffed) {
            sound = false;
            break;
        }
        for (std::size_t i = 1; i < length; ++i)
            m_bytes[plain++] = m_bytes[at++]; // never ahead of what is read
        if (length <= longestRun && at < stuffed) m_bytes[plain++] = 0;
    }
    if (sound && plain > model::serialCheckBytes) {
        const std::span<const std::uint8_t> datagram(m_bytes.data(), plain - model::serialCheckBytes);
        if (loadLittle<std::uint32_t>(std::span<const std::uint8_t>(m_bytes).subspan(datagram.size())) ==
            serialCheck(datagram))
            return datagram;
    }
    ++m_broken;
    return std::nullopt;
}

} // namespace dyad::heart
