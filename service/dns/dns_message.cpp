// SPDX-License-Identifier: Apache-2.0
#include "dns/dns_message.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "base/check.h"

namespace dyad::dns {

namespace {

constexpr std::size_t dnsHeaderBytes = 12;
constexpr std::size_t maxDnsLabel = 63;
constexpr unsigned maxDnsJumps = 32; // from one part of a compressed name to the next

bool isDnsLetter(std::uint8_t byte) { return std::isalnum(byte) != 0 || byte == '-' || byte == '_'; }

// Reads on only as long as all is well: the first trouble stays, everything after it reads as zero.
class DnsReader {
public:
    explicit DnsReader(std::span<const std::uint8_t> bytes) : m_bytes(bytes) {}

    [[nodiscard]] std::size_t at() const { return m_at; }
    [[nodiscard]] bool well() const { return m_trouble == nullptr; }
    [[nodiscard]] bool atEnd() const { return m_at == m_bytes.size(); }
    [[nodiscard]] Error error() const {
        return Error{"read",
                     "a DNS message of " + std::to_string(m_bytes.size()) + " bytes",
                     std::string(m_trouble != nullptr ? m_trouble : "?") + " at byte " + std::to_string(m_at),
                     {}};
    }
    void fail(const char* trouble) {
        if (well()) m_trouble = trouble;
    }

    std::uint64_t number(unsigned bytes) {
        if (!has(bytes)) return 0;
        std::uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i)
            value = value << 8 | m_bytes[m_at++];
        return value;
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t word() { return static_cast<std::uint16_t>(number(2)); }

    DnsBytes bytes(std::size_t count) {
        if (!has(count)) return {};
        const auto part = m_bytes.subspan(m_at, count);
        m_at += count;
        return {part.begin(), part.end()};
    }

    std::string name() {
        std::string text;
        std::size_t length = 1; // of the form on the wire: the root's zero
        std::size_t at = m_at;
        bool jumped = false;
        for (unsigned jumps = 0; well();) {
            if (at >= m_bytes.size()) {
                fail("a name that goes over the end");
                break;
            }
            const std::uint8_t size = m_bytes[at];
            if ((size & 0xc0) == 0xc0) {
                if (at + 1 >= m_bytes.size() || ++jumps > maxDnsJumps) {
                    fail("a name that points nowhere");
                    break;
                }
                const std::size_t target = static_cast<std::size_t>(size & 0x3f) << 8 | m_bytes[at + 1];
                if (!jumped) m_at = at + 2;
                jumped = true;
                if (target >= at) fail("a name that points forward"); // also what keeps it from turning in circles
                at = target;
                continue;
            }
            length += size + 1U;
            if (size > maxDnsLabel || length > maxDnsName || at + 1 + size > m_bytes.size()) {
                fail("a name that is too long");
                break;
            }
            if (size == 0) {
                if (!jumped) m_at = at + 1;
                break;
            }
            if (!text.empty()) text += '.';
            for (const std::uint8_t each : m_bytes.subspan(at + 1, size))
                append(text, each);
            at += 1U + size;
        }
        return text;
    }

private:
    [[nodiscard]] bool has(std::size_t count) {
        if (well() && m_bytes.size() - m_at >= count) return true;
        fail("it ends too early");
        return false;
    }
    static void append(std::string& text, std::uint8_t byte) {
        if (isDnsLetter(byte)) {
            text += static_cast<char>(std::tolower(byte));
            return;
        }
        char escaped[5];
        std::snprintf(escaped, sizeof escaped, "\\%03u", static_cast<unsigned>(byte));
        text += escaped;
    }

    std::span<const std::uint8_t> m_bytes;
    std::size_t m_at = 0;
    const char* m_trouble = nullptr;
};

TsigRecord readTsig(DnsReader& reader, DnsRecord record, std::size_t begin, std::size_t end) {
    TsigRecord tsig;
    tsig.begin = begin;
    tsig.keyName = std::move(record.name);
    tsig.algorithm = reader.name();
    tsig.time = reader.number(6);
    tsig.fudge = reader.word();
    tsig.mac = reader.bytes(reader.word());
    tsig.originalId = reader.word();
    tsig.error = reader.word();
    tsig.other = reader.bytes(reader.word());
    if (reader.well() && reader.at() != end) reader.fail("a signature of another length than it says");
    return tsig;
}

DnsBytes dnsHeader(std::uint16_t id, std::uint16_t flags, std::uint16_t second, std::uint16_t records) {
    DnsBytes message;
    for (const std::uint16_t each : {id, flags, second, std::uint16_t(0), records, std::uint16_t(0)})
        appendDnsNumber(message, each, 2);
    return message;
}

void appendOurName(DnsBytes& to, const std::string& name) {
    const bool sound = appendDnsName(to, name);
    DYAD_CHECK(sound, "a name that can't be sent got past the configuration's check");
}

} // namespace

std::string dnsErrorWord(unsigned code) {
    constexpr const char* words[] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                     "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
    constexpr const char* signatures[] = {"BADSIG", "BADKEY", "BADTIME", "BADMODE", "BADNAME", "BADALG", "BADTRUNC"};
    if (code < std::size(words)) return words[code];
    if (code >= 16 && code - 16 < std::size(signatures)) return signatures[code - 16];
    return "error " + std::to_string(code);
}

void appendDnsNumber(DnsBytes& to, std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;)
        to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

bool appendDnsName(DnsBytes& to, const std::string& name) {
    DnsBytes wire;
    for (std::size_t begin = 0; begin < name.size();) {
        const std::size_t dot = std::min(name.find('.', begin), name.size());
        const std::size_t size = dot - begin;
        if (size == 0 || size > maxDnsLabel || dot + 1 == name.size()) return false;
        wire.push_back(static_cast<std::uint8_t>(size));
        for (std::size_t i = begin; i < dot; ++i) {
            const auto byte = static_cast<std::uint8_t>(name[i]);
            if (!isDnsLetter(byte)) return false;
            wire.push_back(static_cast<std::uint8_t>(std::tolower(byte)));
        }
        begin = dot + 1;
    }
    wire.push_back(0);
    if (wire.size() > maxDnsName) return false;
    to.insert(to.end(), wire.begin(), wire.end());
    return true;
}

Result<DnsMessage> readDnsMessage(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > maxDnsMessage)
        return Error{"read", "a DNS message", std::to_string(bytes.size()) + " bytes are too many", {}};
    DnsReader reader(bytes);
    DnsMessage message;
    message.id = reader.word();
    const std::uint16_t flags = reader.word();
    message.response = (flags & 0x8000) != 0;
    message.opcode = static_cast<std::uint8_t>(flags >> 11 & 0xf);
    message.authoritative = (flags & 0x0400) != 0;
    message.truncated = (flags & 0x0200) != 0;
    message.code = static_cast<std::uint8_t>(flags & 0xf);
    const std::size_t questions = reader.word();
    const std::size_t answers = reader.word();
    const std::size_t authority = reader.word();
    const std::size_t records = answers + authority + reader.word();
    if (questions + records > maxDnsRecords) reader.fail("too many records");
    for (std::size_t i = 0; i < questions && reader.well(); ++i) {
        DnsQuestion question;
        question.name = reader.name();
        question.type = reader.word();
        question.klass = reader.word();
        message.questions.push_back(std::move(question));
    }
    for (std::size_t i = 0; i < records && reader.well(); ++i) {
        const std::size_t begin = reader.at();
        DnsRecord record;
        record.name = reader.name();
        record.type = reader.word();
        record.klass = reader.word();
        record.ttl = static_cast<std::uint32_t>(reader.number(4));
        const std::size_t size = reader.word();
        if (record.type == dnsTypeTsig && reader.well()) {
            if (i + 1 != records || i < answers + authority) reader.fail("a signature that is not at the end");
            message.tsig = readTsig(reader, std::move(record), begin, reader.at() + size);
            continue;
        }
        record.data = reader.bytes(size);
        if (i < answers) message.answers.push_back(std::move(record));
    }
    if (reader.well() && !reader.atEnd()) reader.fail("more bytes than records");
    if (!reader.well()) return reader.error();
    return message;
}

DnsBytes dnsQuery(std::uint16_t id, const DnsQuestion& question) {
    DnsBytes message = dnsHeader(id, 0x0100 /* recursion desired */, 1, 0);
    appendOurName(message, question.name);
    appendDnsNumber(message, question.type, 2);
    appendDnsNumber(message, question.klass, 2);
    return message;
}

DnsBytes dnsReplace(std::uint16_t id, const std::string& zone, const std::string& name, std::uint32_t ttl,
                    const std::vector<IpAddress>& addresses) {
    DnsBytes message = dnsHeader(id, dnsOpcodeUpdate << 11, 1, 0);
    message[9] = static_cast<std::uint8_t>(2 + addresses.size()); // the third count: records of the update
    DYAD_CHECK(addresses.size() <= 64, "an alias has more addresses than the configuration allows");
    appendOurName(message, zone);
    appendDnsNumber(message, dnsTypeSoa, 2);
    appendDnsNumber(message, dnsClassIn, 2);
    for (const std::uint16_t type : {dnsTypeA, dnsTypeAaaa}) { // RFC 2136 section 2.5.2: delete an RRset
        appendOurName(message, name);
        appendDnsNumber(message, type, 2);
        appendDnsNumber(message, dnsClassAny, 2);
        appendDnsNumber(message, 0, 6); // ttl and length
    }
    for (const IpAddress& address : addresses) { // section 2.5.1: add to an RRset
        appendOurName(message, name);
        appendDnsNumber(message, address.six ? dnsTypeAaaa : dnsTypeA, 2);
        appendDnsNumber(message, dnsClassIn, 2);
        appendDnsNumber(message, ttl, 4);
        appendDnsNumber(message, address.used().size(), 2);
        message.insert(message.end(), address.used().begin(), address.used().end());
    }
    return message;
}

DnsAddresses addressesIn(const DnsMessage& answer, const DnsQuestion& question) {
    DnsAddresses found;
    for (const DnsRecord& record : answer.answers) {
        if (record.name != question.name || record.klass != dnsClassIn) continue;
        found.canonicalName = found.canonicalName || record.type == dnsTypeCname;
        const std::size_t size = question.type == dnsTypeAaaa ? 16 : 4;
        if (record.type != question.type || record.data.size() != size) continue;
        IpAddress address{question.type == dnsTypeAaaa, {}};
        std::copy(record.data.begin(), record.data.end(), address.bytes.begin());
        found.ttl = found.addresses.empty() ? record.ttl : std::min(found.ttl, record.ttl);
        found.addresses.push_back(address);
    }
    std::sort(found.addresses.begin(), found.addresses.end());
    found.addresses.erase(std::unique(found.addresses.begin(), found.addresses.end()), found.addresses.end());
    return found;
}

} // namespace dyad::dns
