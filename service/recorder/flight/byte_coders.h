// SPDX-License-Identifier: Apache-2.0
// Numbers, texts and lists to bytes and back. fields.h says which of them make up which type.
#pragma once

#include "base/byte_order.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "recorder/flight/codec.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <set>
#include <type_traits>
#include <variant>

namespace dyad::recorder {

// The greatest value that has a name, for each enumeration (all begin with 0 unless `least` says otherwise).
template <typename Enum>
struct EnumRange;

class Encoder {
public:
    explicit Encoder(std::span<std::uint8_t> out) : m_out(out) {}

    template <typename Unsigned>
    void number(Unsigned value) {
        if (!room(sizeof value)) return;
        storeLittle(m_out.subspan(m_used, sizeof value), value);
        m_used += sizeof value;
    }
    void text(const std::string& value) {
        if (value.size() > maxFlightTextBytes) m_tooLarge = true;
        number(static_cast<std::uint32_t>(value.size()));
        if (!room(value.size())) return;
        if (!value.empty()) std::memcpy(m_out.data() + m_used, value.data(), value.size());
        m_used += value.size();
    }
    void count(std::size_t elements) {
        if (elements > maxFlightElements) m_tooLarge = true;
        number(static_cast<std::uint32_t>(elements));
    }
    [[nodiscard]] std::optional<std::size_t> used() const { return m_tooLarge ? std::nullopt : std::optional(m_used); }

private:
    bool room(std::size_t bytes) {
        if (m_tooLarge || m_out.size() - m_used < bytes) m_tooLarge = true;
        return !m_tooLarge;
    }
    std::span<std::uint8_t> m_out;
    std::size_t m_used = 0;
    bool m_tooLarge = false;
};

// After the first trouble everything read is a default value.
class Decoder {
public:
    explicit Decoder(std::span<const std::uint8_t> bytes) : m_bytes(bytes) {}

    template <typename Unsigned>
    [[nodiscard]] Unsigned number() {
        if (!has(sizeof(Unsigned), "a number")) return 0;
        const auto value = loadLittle<Unsigned>(m_bytes.subspan(m_at, sizeof(Unsigned)));
        m_at += sizeof(Unsigned);
        return value;
    }
    [[nodiscard]] std::string text() {
        const auto size = number<std::uint32_t>();
        if (size > maxFlightTextBytes) fail("a text of " + std::to_string(size) + " bytes");
        if (!has(size, "a text")) return {};
        std::string value(reinterpret_cast<const char*>(m_bytes.data()) + m_at, size);
        m_at += size;
        return value;
    }
    [[nodiscard]] std::size_t count() {
        const auto elements = number<std::uint32_t>();
        // Every element has at least one byte: a count that can't be true costs no memory.
        if (elements > maxFlightElements || elements > m_bytes.size() - m_at)
            fail("a list of " + std::to_string(elements) + " elements");
        return ok() ? elements : 0;
    }
    void fail(std::string what) {
        if (m_trouble.empty()) {
            m_trouble = std::move(what);
            m_troubleAt = m_at;
        }
    }
    [[nodiscard]] bool ok() const { return m_trouble.empty(); }
    [[nodiscard]] Result<void> end() {
        if (ok() && m_at != m_bytes.size()) fail(std::to_string(m_bytes.size() - m_at) + " bytes too many");
        if (ok()) return {};
        return Error{"decode", "byte " + std::to_string(m_troubleAt) + " of the record", m_trouble, ""};
    }

private:
    bool has(std::size_t bytes, const char* what) {
        if (ok() && m_bytes.size() - m_at < bytes) fail(std::string("the record ends within ") + what);
        return ok();
    }
    std::span<const std::uint8_t> m_bytes;
    std::size_t m_at = 0;
    std::string m_trouble;
    std::size_t m_troubleAt = 0;
};

// Far beyond the life of a host, and still far from where sums of instants overflow.
inline constexpr std::int64_t maxNanoseconds = std::int64_t{1} << 61;

inline std::int64_t nanosecondsFrom(Decoder& from) {
    const auto value = static_cast<std::int64_t>(from.number<std::uint64_t>());
    if (value > maxNanoseconds || value < -maxNanoseconds) {
        from.fail("a time out of range");
        return 0;
    }
    return value;
}

// --- Encoder: field(coder, value)

inline void field(Encoder& to, const bool& value) { to.number(static_cast<std::uint8_t>(value)); }
inline void field(Encoder& to, const std::string& value) { to.text(value); }
inline void field(Encoder& to, const double& value) { to.number(std::bit_cast<std::uint64_t>(value)); }
inline void field(Encoder& to, const Instant& value) { to.number(static_cast<std::uint64_t>(value.nanoseconds())); }
inline void field(Encoder& to, const Duration& value) { to.number(static_cast<std::uint64_t>(value.count())); }

template <typename Number>
requires std::is_integral_v<Number>
void field(Encoder& to, const Number& value) { to.number(static_cast<std::make_unsigned_t<Number>>(value)); }
template <typename Enum>
requires std::is_enum_v<Enum>
void field(Encoder& to, const Enum& value) { to.number(static_cast<std::uint8_t>(value)); }
template <typename Tag, typename Number>
void field(Encoder& to, const StrongId<Tag, Number>& value) {
    to.number(value.value);
}
template <typename T>
void field(Encoder& to, const std::optional<T>& value) {
    to.number(static_cast<std::uint8_t>(value.has_value()));
    if (value) field(to, *value);
}
template <typename T>
void field(Encoder& to, const std::vector<T>& value) {
    to.count(value.size());
    for (const T& each : value)
        field(to, each);
}
inline void field(Encoder& to, const std::set<std::string>& value) {
    to.count(value.size());
    for (const std::string& each : value)
        field(to, each);
}
template <typename... Alternatives>
void field(Encoder& to, const std::variant<Alternatives...>& value) {
    to.number(static_cast<std::uint8_t>(value.index()));
    std::visit([&](const auto& alternative) { field(to, alternative); }, value);
}

// --- Decoder: field(coder, value)

inline void field(Decoder& from, bool& value) {
    const auto byte = from.number<std::uint8_t>();
    if (byte > 1) from.fail("neither yes nor no: " + std::to_string(byte));
    value = byte == 1;
}
inline void field(Decoder& from, std::string& value) { value = from.text(); }
inline void field(Decoder& from, double& value) {
    value = std::bit_cast<double>(from.number<std::uint64_t>());
    if (!std::isfinite(value)) {
        from.fail("not a number");
        value = 0;
    }
}
inline void field(Decoder& from, Instant& value) { value = Instant::fromNanoseconds(nanosecondsFrom(from)); }
inline void field(Decoder& from, Duration& value) { value = Duration(nanosecondsFrom(from)); }

template <typename Number>
requires std::is_integral_v<Number>
void field(Decoder& from, Number& value) { value = static_cast<Number>(from.number<std::make_unsigned_t<Number>>()); }
template <typename Enum>
requires std::is_enum_v<Enum>
void field(Decoder& from, Enum& value) {
    const auto byte = from.number<std::uint8_t>();
    if (byte < EnumRange<Enum>::least || byte > EnumRange<Enum>::greatest) {
        from.fail("no such value: " + std::to_string(byte));
        return;
    }
    value = static_cast<Enum>(byte);
}
template <typename Tag, typename Number>
void field(Decoder& from, StrongId<Tag, Number>& value) {
    value = StrongId<Tag, Number>(from.number<Number>());
}
template <typename T>
void field(Decoder& from, std::optional<T>& value) {
    bool present = false;
    field(from, present);
    value.reset();
    if (present) field(from, value.emplace());
}
template <typename T>
void field(Decoder& from, std::vector<T>& value) {
    value.clear();
    const std::size_t elements = from.count();
    for (std::size_t i = 0; i < elements && from.ok(); ++i)
        field(from, value.emplace_back());
}
inline void field(Decoder& from, std::set<std::string>& value) {
    value.clear();
    const std::size_t elements = from.count();
    for (std::size_t i = 0; i < elements && from.ok(); ++i)
        value.insert(from.text());
}
template <typename Variant, std::size_t... Index>
void alternative(Decoder& from, Variant& value, std::size_t index, std::index_sequence<Index...>) {
    const bool known = ((index == Index && (field(from, value.template emplace<Index>()), true)) || ...);
    if (!known) from.fail("no such kind: " + std::to_string(index));
}
template <typename... Alternatives>
void field(Decoder& from, std::variant<Alternatives...>& value) {
    alternative(from, value, from.number<std::uint8_t>(), std::index_sequence_for<Alternatives...>());
}

} // namespace dyad::recorder
