// SPDX-License-Identifier: Apache-2.0
#include "storage/lun_protocol.h"

#include "base/byte_order.h"
#include "base/overloaded.h"

#include <algorithm>

namespace dyad::storage {
namespace {

enum class Type : std::uint16_t { Hello = 1, Request = 2, CloseGate = 3, Quit = 4, State = 16, Answer = 17, Told = 18 };

class Writer {
public:
    explicit Writer(Type type) {
        put(lunProtocolMagic);
        put(lunProtocolVersion);
        put(static_cast<std::uint16_t>(type));
    }
    template <typename Unsigned>
    void put(Unsigned value) {
        const std::size_t at = m_bytes.size();
        m_bytes.resize(at + sizeof value);
        storeLittle(std::span(m_bytes).subspan(at), value);
    }
    void flag(bool value) { put(static_cast<std::uint8_t>(value ? 1 : 0)); }
    template <typename Enumeration>
    void number(Enumeration value) {
        put(static_cast<std::uint8_t>(value));
    }
    void text(const std::string& value) {
        const std::size_t length = std::min(value.size(), maxLunMessageText);
        put(static_cast<std::uint16_t>(length));
        m_bytes.insert(m_bytes.end(), value.begin(), value.begin() + static_cast<std::ptrdiff_t>(length));
    }
    [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(m_bytes); }

private:
    std::vector<std::uint8_t> m_bytes;
};

class Reader {
public:
    explicit Reader(std::span<const std::uint8_t> bytes) : m_bytes(bytes) {}

    template <typename Unsigned>
    Unsigned get() {
        if (m_bytes.size() < sizeof(Unsigned)) {
            m_bad = true;
            m_bytes = {};
            return 0;
        }
        const auto value = loadLittle<Unsigned>(m_bytes);
        m_bytes = m_bytes.subspan(sizeof(Unsigned));
        return value;
    }
    bool flag() {
        const auto value = get<std::uint8_t>();
        if (value > 1) m_bad = true;
        return value == 1;
    }
    template <typename Enumeration>
    Enumeration number(Enumeration last) {
        const auto value = get<std::uint8_t>();
        if (value > static_cast<std::uint8_t>(last)) m_bad = true;
        return static_cast<Enumeration>(value);
    }
    std::string text() {
        const std::size_t length = get<std::uint16_t>();
        if (length > maxLunMessageText || length > m_bytes.size()) {
            m_bad = true;
            return {};
        }
        std::string value(m_bytes.begin(), m_bytes.begin() + static_cast<std::ptrdiff_t>(length));
        m_bytes = m_bytes.subspan(length);
        return value;
    }
    void refuse() { m_bad = true; }
    [[nodiscard]] bool clean() const { return !m_bad && m_bytes.empty(); }

private:
    std::span<const std::uint8_t> m_bytes;
    bool m_bad = false;
};

void putKey(Writer& to, const std::optional<model::ReservationKey>& key) {
    to.flag(key.has_value());
    to.put(key ? key->value : std::uint64_t{0});
}
std::optional<model::ReservationKey> getKey(Reader& from) {
    const bool there = from.flag();
    const model::ReservationKey key{from.get<std::uint64_t>()};
    return there ? std::optional(key) : std::nullopt;
}

std::vector<std::uint8_t> encodeRequest(const model::ReservationRequest& request) {
    Writer to(Type::Request);
    to.put(request.operation.value);
    to.put(request.epoch.value);
    to.put(request.group.value);
    to.number(request.command);
    to.put(request.key.value);
    to.number(request.from);
    putKey(to, request.expectedHolder);
    return to.take();
}
LunMessage decodeRequest(Reader& from) {
    LunRequest message;
    message.request.operation = model::OperationId(from.get<std::uint64_t>());
    message.request.epoch = model::Epoch(from.get<std::uint32_t>());
    message.request.group = model::GroupId(from.get<std::uint32_t>());
    message.request.command = from.number(model::ReservationCommand::Release);
    message.request.key = {from.get<std::uint64_t>()};
    message.request.from = from.number(model::ClaimFrom::Nothing);
    message.request.expectedHolder = getKey(from);
    return message;
}

std::vector<std::uint8_t> encodeAnswer(model::ReservationAnswer answer) {
    if (answer.snapshot.registrants.size() > maxLunMessageKeys) {
        answer.outcome = model::ReservationOutcome::Refused;
        answer.detail = "the array lists " + std::to_string(answer.snapshot.registrants.size()) + " registrants";
        answer.snapshot = {};
    }
    Writer to(Type::Answer);
    to.put(answer.operation.value);
    to.put(answer.epoch.value);
    to.put(answer.group.value);
    to.number(answer.command);
    to.number(answer.outcome);
    to.put(static_cast<std::uint64_t>(answer.readFrom.nanoseconds()));
    to.put(answer.snapshot.generation);
    putKey(to, answer.snapshot.holder);
    to.number(answer.snapshot.type);
    to.put(static_cast<std::uint16_t>(answer.snapshot.registrants.size()));
    for (const model::ReservationKey key : answer.snapshot.registrants)
        to.put(key.value);
    to.text(answer.detail);
    return to.take();
}
LunMessage decodeAnswer(Reader& from) {
    LunAnswer message;
    message.answer.operation = model::OperationId(from.get<std::uint64_t>());
    message.answer.epoch = model::Epoch(from.get<std::uint32_t>());
    message.answer.group = model::GroupId(from.get<std::uint32_t>());
    message.answer.command = from.number(model::ReservationCommand::Release);
    message.answer.outcome = from.number(model::ReservationOutcome::Refused);
    message.answer.readFrom = Instant::fromNanoseconds(static_cast<std::int64_t>(from.get<std::uint64_t>()));
    message.answer.snapshot.generation = from.get<std::uint32_t>();
    message.answer.snapshot.holder = getKey(from);
    message.answer.snapshot.type = static_cast<model::ReservationType>(from.get<std::uint8_t>());
    const std::size_t count = from.get<std::uint16_t>();
    if (count > maxLunMessageKeys)
        from.refuse();
    else
        for (std::size_t i = 0; i < count; ++i)
            message.answer.snapshot.registrants.push_back({from.get<std::uint64_t>()});
    message.answer.detail = from.text();
    return message;
}

std::vector<std::uint8_t> encodeState(const LunState& state) {
    Writer to(Type::State);
    to.put(state.settingsDigest);
    to.flag(state.pathUp);
    to.flag(state.gateOpen);
    to.flag(state.exported);
    to.put(state.sizeBytes);
    to.put(state.blockBytes);
    to.text(state.detail);
    return to.take();
}
LunMessage decodeState(Reader& from) {
    LunState state;
    state.settingsDigest = from.get<std::uint64_t>();
    state.pathUp = from.flag();
    state.gateOpen = from.flag();
    state.exported = from.flag();
    state.sizeBytes = from.get<std::uint64_t>();
    state.blockBytes = from.get<std::uint32_t>();
    state.detail = from.text();
    return state;
}

std::vector<std::uint8_t> encodeTold(const model::LunNotice& notice) {
    Writer to(Type::Told);
    to.number(notice.kind);
    to.text(notice.detail);
    return to.take();
}
LunMessage decodeTold(Reader& from) {
    LunTold told;
    told.notice.kind = from.number(model::LunNotice::Kind::Fenced);
    told.notice.detail = from.text();
    return told;
}

Error bad(const std::string& what) { return {"read a message of the LUN's control socket", {}, what, {}}; }

} // namespace

std::vector<std::uint8_t> encodeLunMessage(const LunMessage& message) {
    return std::visit(Overloaded{
                          [](const LunHello&) { return Writer(Type::Hello).take(); },
                          [](const LunRequest& each) { return encodeRequest(each.request); },
                          [](const LunCloseGate&) { return Writer(Type::CloseGate).take(); },
                          [](const LunQuit&) { return Writer(Type::Quit).take(); },
                          [](const LunState& each) { return encodeState(each); },
                          [](const LunAnswer& each) { return encodeAnswer(each.answer); },
                          [](const LunTold& each) { return encodeTold(each.notice); },
                      },
                      message);
}

Result<LunMessage> decodeLunMessage(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > maxLunMessageBytes) return bad(std::to_string(bytes.size()) + " bytes are too many");
    Reader from(bytes);
    if (from.get<std::uint32_t>() != lunProtocolMagic) return bad("it does not begin as one");
    const auto version = from.get<std::uint16_t>();
    if (version != lunProtocolVersion)
        return bad("version " + std::to_string(version) + " instead of " + std::to_string(lunProtocolVersion));
    const auto type = from.get<std::uint16_t>();
    LunMessage message;
    switch (static_cast<Type>(type)) {
    case Type::Hello: message = LunHello{}; break;
    case Type::Request: message = decodeRequest(from); break;
    case Type::CloseGate: message = LunCloseGate{}; break;
    case Type::Quit: message = LunQuit{}; break;
    case Type::State: message = decodeState(from); break;
    case Type::Answer: message = decodeAnswer(from); break;
    case Type::Told: message = decodeTold(from); break;
    default: return bad("unknown type " + std::to_string(type));
    }
    if (!from.clean()) return bad("type " + std::to_string(type) + " with the wrong length or a value out of range");
    return message;
}

std::uint64_t lunSettingsDigest(const std::vector<std::string>& words) {
    std::uint64_t digest = 0xcbf29ce484222325u;
    const auto mix = [&digest](std::uint8_t byte) { digest = (digest ^ byte) * 0x100000001b3u; };
    for (const std::string& word : words) {
        for (const char each : word)
            mix(static_cast<std::uint8_t>(each));
        mix(0);
    }
    return digest;
}

} // namespace dyad::storage
