// SPDX-License-Identifier: Apache-2.0
#include "network/alias/tsig.h"

#include <QByteArray>
#include <QMessageAuthenticationCode>
#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

#include "base/errno_text.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::network {

namespace {

constexpr const char* makeTsigKey = "make one with `tsig-keygen NAME > FILE`, mode 0600, and name it in the DNS server";

struct TsigAlgorithm {
    const char* word;   // in the file
    const char* domain; // on the wire
    QCryptographicHash::Algorithm hash;
};
constexpr std::array tsigAlgorithms{
    TsigAlgorithm{"hmac-sha256", "hmac-sha256", QCryptographicHash::Sha256},
    TsigAlgorithm{"hmac-sha384", "hmac-sha384", QCryptographicHash::Sha384},
    TsigAlgorithm{"hmac-sha512", "hmac-sha512", QCryptographicHash::Sha512},
    TsigAlgorithm{"hmac-sha224", "hmac-sha224", QCryptographicHash::Sha224},
    TsigAlgorithm{"hmac-sha1", "hmac-sha1", QCryptographicHash::Sha1},
    TsigAlgorithm{"hmac-md5", "hmac-md5.sig-alg.reg.int", QCryptographicHash::Md5},
    TsigAlgorithm{"hmac-md5.sig-alg.reg.int", "hmac-md5.sig-alg.reg.int", QCryptographicHash::Md5},
};

const TsigAlgorithm* tsigAlgorithm(const std::string& word) {
    for (const TsigAlgorithm& each : tsigAlgorithms)
        if (word == each.word) return &each;
    return nullptr;
}

DnsBytes tsigMac(const TsigKey& key, const DnsBytes& input) {
    const auto asArray = [](const DnsBytes& bytes) {
        return QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
    };
    const TsigAlgorithm* algorithm = tsigAlgorithm(key.algorithm);
    const QByteArray mac = QMessageAuthenticationCode::hash(asArray(input), asArray(key.secret), algorithm->hash);
    return {mac.begin(), mac.end()};
}

// RFC 8945 section 4.3.3
void appendTsigVariables(DnsBytes& to, const TsigRecord& tsig) {
    (void)appendDnsName(to, tsig.keyName);
    appendDnsNumber(to, dnsClassAny, 2);
    appendDnsNumber(to, 0, 4);
    (void)appendDnsName(to, tsig.algorithm);
    appendDnsNumber(to, tsig.time, 6);
    appendDnsNumber(to, tsig.fudge, 2);
    appendDnsNumber(to, tsig.error, 2);
    appendDnsNumber(to, tsig.other.size(), 2);
    to.insert(to.end(), tsig.other.begin(), tsig.other.end());
}

// Words, texts in quotes, and { } ; each by itself; comments as BIND has them.
class KeyFileWords {
public:
    explicit KeyFileWords(std::string_view text) : m_text(text) {}

    // Empty at the end.
    std::string next() {
        skip();
        if (m_at >= m_text.size()) return "";
        const char first = m_text[m_at];
        if (first == '{' || first == '}' || first == ';') return std::string(1, m_text[m_at++]);
        std::string word;
        if (first == '"') {
            const std::size_t end = m_text.find('"', ++m_at);
            word = m_text.substr(m_at, end == std::string_view::npos ? end : end - m_at);
            m_at = end == std::string_view::npos ? m_text.size() : end + 1;
            return word;
        }
        while (m_at < m_text.size() && std::isspace(static_cast<unsigned char>(m_text[m_at])) == 0 &&
               std::string_view("{};\"").find(m_text[m_at]) == std::string_view::npos)
            word += m_text[m_at++];
        return word;
    }

private:
    void skip() {
        while (m_at < m_text.size()) {
            const std::string_view rest = m_text.substr(m_at);
            if (std::isspace(static_cast<unsigned char>(rest.front())) != 0)
                ++m_at;
            else if (rest.starts_with('#') || rest.starts_with("//"))
                m_at = std::min(m_text.size(), m_text.find('\n', m_at));
            else if (rest.starts_with("/*")) {
                const std::size_t end = m_text.find("*/", m_at + 2);
                m_at = end == std::string_view::npos ? m_text.size() : end + 2;
            } else
                return;
        }
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

std::string lowerCase(std::string text) {
    for (char& each : text)
        each = static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
    return text;
}

} // namespace

Result<TsigKey> parseTsigKey(std::string_view text, const std::string& path) {
    const auto refused = [&](const std::string& cameBack) {
        return Error{"read the TSIG key", path, cameBack, makeTsigKey};
    };
    KeyFileWords words(text);
    TsigKey key;
    if (words.next() != "key") return refused("it doesn't begin with the word key");
    key.name = lowerCase(words.next());
    if (!key.name.empty() && key.name.back() == '.') key.name.pop_back();
    DnsBytes wire;
    if (key.name.empty() || !appendDnsName(wire, key.name)) return refused("the key has no name that can be sent");
    if (words.next() != "{") return refused("there is no { behind the key's name");
    for (std::string word = words.next(); word != "}"; word = words.next()) {
        if (word == "algorithm") {
            key.algorithm = lowerCase(words.next());
            if (!key.algorithm.empty() && key.algorithm.back() == '.') key.algorithm.pop_back();
            if (!tsigAlgorithm(key.algorithm)) return refused("the algorithm is not known (hmac-sha256 is)");
        } else if (word == "secret") {
            const auto decoded = QByteArray::fromBase64Encoding(QByteArray::fromStdString(words.next()),
                                                                QByteArray::AbortOnBase64DecodingErrors);
            if (!decoded) return refused("the secret is no base64");
            key.secret.assign(decoded.decoded.begin(), decoded.decoded.end());
        } else {
            return refused(word.empty() ? "it ends before the }"
                                        : "it has something in it that is neither algorithm nor secret");
        }
        if (words.next() != ";") return refused("a ; is missing");
    }
    if (words.next() != ";") return refused("there is no ; behind the }");
    if (!words.next().empty()) return refused("there is something behind the key; it must be alone in its file");
    if (key.algorithm.empty()) return refused("it has no algorithm");
    if (key.secret.empty()) return refused("it has no secret");
    return key;
}

Result<TsigKey> readTsigKey(const std::string& path) {
    const char* tried = "read the TSIG key";
    // O_NONBLOCK: a pipe in its place must not hang anybody.
    const platform::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid()) return Error{tried, path, errnoText(errno), makeTsigKey};
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return Error{tried, path, errnoText(errno), {}};
    if (!S_ISREG(status.st_mode)) return Error{tried, path, "it is no file", makeTsigKey};
    if ((status.st_mode & 077) != 0 || (status.st_uid != ::geteuid() && status.st_uid != 0))
        return Error{tried, path, "others than root may read it", "chown root " + path + " && chmod 0600 " + path};
    if (status.st_size > static_cast<off_t>(maxTsigKeyFile))
        return Error{tried, path, std::to_string(status.st_size) + " bytes are too many for one key", makeTsigKey};
    std::string text(maxTsigKeyFile + 1, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    if (count < 0) return Error{tried, path, errnoText(errno), {}};
    text.resize(static_cast<std::size_t>(count));
    return parseTsigKey(text, path);
}

SignedMessage signMessage(DnsBytes message, const TsigKey& key, std::uint64_t secondsSince1970) {
    TsigRecord tsig;
    tsig.keyName = key.name;
    tsig.algorithm = tsigAlgorithm(key.algorithm)->domain;
    tsig.time = secondsSince1970;
    tsig.fudge = tsigFudge;
    DnsBytes input = message;
    appendTsigVariables(input, tsig);
    tsig.mac = tsigMac(key, input);

    DnsBytes data;
    (void)appendDnsName(data, tsig.algorithm);
    appendDnsNumber(data, tsig.time, 6);
    appendDnsNumber(data, tsig.fudge, 2);
    appendDnsNumber(data, tsig.mac.size(), 2);
    data.insert(data.end(), tsig.mac.begin(), tsig.mac.end());
    data.insert(data.end(), message.begin(), message.begin() + 2); // the original id
    appendDnsNumber(data, 0, 4);                                   // no error, nothing else

    (void)appendDnsName(message, key.name);
    appendDnsNumber(message, dnsTypeTsig, 2);
    appendDnsNumber(message, dnsClassAny, 2);
    appendDnsNumber(message, 0, 4);
    appendDnsNumber(message, data.size(), 2);
    message.insert(message.end(), data.begin(), data.end());
    ++message[11]; // one record more in the last section
    return {std::move(message), std::move(tsig.mac)};
}

Result<void> verifyAnswer(std::span<const std::uint8_t> bytes, const DnsMessage& message, const TsigKey& key,
                          const DnsBytes& requestMac, std::uint64_t secondsSince1970) {
    const auto refused = [](const char* cameBack) {
        return Error{"check the signature of", "the answer", cameBack, "look who answers in the DNS server's place"};
    };
    if (!message.tsig) return refused("it has none");
    const TsigRecord& tsig = *message.tsig;
    if (tsig.keyName != key.name || tsig.algorithm != tsigAlgorithm(key.algorithm)->domain)
        return refused("it was made with another key");
    if (tsig.begin < 12 || tsig.begin > bytes.size()) return refused("it stands nowhere");
    DnsBytes input;
    appendDnsNumber(input, requestMac.size(), 2);
    input.insert(input.end(), requestMac.begin(), requestMac.end());
    const std::size_t begin = input.size();
    input.insert(input.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(tsig.begin));
    input[begin] = static_cast<std::uint8_t>(tsig.originalId >> 8);
    input[begin + 1] = static_cast<std::uint8_t>(tsig.originalId);
    const unsigned records = static_cast<unsigned>(input[begin + 10] << 8 | input[begin + 11]) - 1; // without it
    input[begin + 10] = static_cast<std::uint8_t>(records >> 8);
    input[begin + 11] = static_cast<std::uint8_t>(records);
    appendTsigVariables(input, tsig);
    const DnsBytes wanted = tsigMac(key, input);
    if (tsig.mac.size() != wanted.size()) return refused("it is of another length");
    std::uint8_t difference = 0; // all are compared, so that the time taken tells nothing
    for (std::size_t i = 0; i < wanted.size(); ++i)
        difference |= static_cast<std::uint8_t>(tsig.mac[i] ^ wanted[i]);
    if (difference != 0) return refused("it is wrong");
    const std::uint64_t apart = std::max(tsig.time, secondsSince1970) - std::min(tsig.time, secondsSince1970);
    if (apart > tsig.fudge) return refused("it is of another time");
    return {};
}

} // namespace dyad::network
