// SPDX-License-Identifier: Apache-2.0
#include "network/alias/dns_way.h"

#include <algorithm>
#include <ctime>
#include <sys/random.h>

#include "network/alias/tsig.h"

namespace dyad::network {

namespace {

std::string listOfAddresses(const std::vector<IpAddress>& addresses) {
    std::string text;
    for (const IpAddress& each : addresses)
        text += (text.empty() ? "" : ", ") + each.text();
    return text.empty() ? "no address" : text;
}

std::uint64_t secondsNow() { return static_cast<std::uint64_t>(std::time(nullptr)); }

} // namespace

// Update, then ask; or ask, update only where the answer differs, and ask again.
class DnsWay::Talk {
public:
    Talk(const DnsWay& way, model::DnsServer server, std::function<void()> ended)
        : m_way(way), m_server(std::move(server)), m_ended(std::move(ended)) {}

    void start(bool claim) { claim ? update() : ask(dnsTypeA); }
    [[nodiscard]] const std::optional<Result<std::string>>& result() const { return m_result; }

private:
    [[nodiscard]] std::string subject() const { return m_way.m_host + " on " + dns::toText(m_server); }

    void say(DnsBytes message, const DnsQuestion& about, DnsExchange::Done done) {
        m_exchange = std::make_unique<DnsExchange>(m_server, std::move(message), about, m_way.m_patience);
        m_exchange->start(std::move(done));
    }
    static std::optional<std::uint16_t> freshId() {
        std::uint16_t id = 0;
        if (::getrandom(&id, sizeof id, 0) != static_cast<ssize_t>(sizeof id)) return {};
        return id;
    }
    void finish(Result<std::string> result) {
        m_result = std::move(result);
        m_ended(); // may destroy this
    }

    void ask(std::uint16_t type) {
        const std::optional<std::uint16_t> id = freshId();
        if (!id) return finish(Error{"ask for", subject(), "the kernel gave no random number", {}});
        const DnsQuestion question{m_way.m_host, type};
        say(dnsQuery(*id, question), question, [this, question](const Result<DnsReply>& reply) {
            if (!reply) return finish(reply.error());
            answered(question, reply.value().message);
        });
    }

    void answered(const DnsQuestion& question, const DnsMessage& message) {
        if (message.code != dnsNoError && message.code != dnsNoSuchName)
            return finish(Error{"ask for", subject(), dnsErrorWord(message.code),
                                message.code == dnsRefused ? "let this host ask it for the zone (BIND: allow-query)"
                                                           : "look at the DNS server's log"});
        const DnsAddresses found = addressesIn(message, question);
        if (question.type == dnsTypeA) {
            m_found = found;
            m_authoritative = message.authoritative;
            return ask(dnsTypeAaaa);
        }
        m_found.canonicalName = m_found.canonicalName || found.canonicalName;
        m_found.addresses.insert(m_found.addresses.end(), found.addresses.begin(), found.addresses.end());
        std::sort(m_found.addresses.begin(), m_found.addresses.end());
        // A server that only repeats another's answer counts the time down.
        const auto ttl = static_cast<std::uint32_t>(m_way.m_settings.ttl / 1s);
        const bool four = found.addresses.size() < m_found.addresses.size();
        const bool otherTtl = (four && m_found.ttl != ttl) || (!found.addresses.empty() && found.ttl != ttl);
        judge(m_found.addresses == m_way.m_addresses && !(m_authoritative && otherTtl));
    }

    void judge(bool same) {
        if (same) {
            const std::string what = subject() + " is " + listOfAddresses(m_found.addresses);
            return finish(m_updated && m_wasOther ? what + ", put right: it was " + *m_wasOther : what);
        }
        if (!m_updated) {
            m_wasOther = listOfAddresses(m_found.addresses);
            return update();
        }
        if (m_found.canonicalName)
            return finish(Error{"verify", subject(), "it is a second name (CNAME) of another one there",
                                "remove that record: a name has either a CNAME or addresses"});
        finish(Error{"verify", subject(),
                     "it took the update but answers " + listOfAddresses(m_found.addresses) + " instead of " +
                         listOfAddresses(m_way.m_addresses),
                     "look who else updates the name, and whether this server has the zone itself or copies it"});
    }

    void update() {
        const model::AliasDns& settings = m_way.m_settings;
        Result<TsigKey> key = readTsigKey(settings.keyFile); // each time: a mended one is used at once
        if (!key) return finish(key.error());
        const std::optional<std::uint16_t> id = freshId();
        if (!id) return finish(Error{"update", subject(), "the kernel gave no random number", {}});
        m_key = std::move(key).value();
        m_updated = true;
        SignedMessage message =
            signMessage(dnsReplace(*id, settings.zone, m_way.m_host, static_cast<std::uint32_t>(settings.ttl / 1s),
                                   m_way.m_addresses),
                        m_key, secondsNow());
        m_mac = std::move(message.mac);
        say(std::move(message.bytes), {settings.zone, dnsTypeSoa}, [this](const Result<DnsReply>& reply) {
            if (!reply) return finish(reply.error());
            updated(reply.value());
        });
    }

    void updated(const DnsReply& reply) {
        const DnsMessage& message = reply.message;
        if (message.code != dnsNoError || (message.tsig && message.tsig->error != 0)) return finish(refusal(message));
        // A refusal is believed from anybody, for it only makes us try again; a success is not.
        if (const Result<void> sound = verifyAnswer(reply.bytes, message, m_key, m_mac, secondsNow()); !sound) {
            Error error = sound.error();
            error.tried = "update";
            error.on = subject();
            error.cameBack = "the answer's signature: " + error.cameBack;
            return finish(error);
        }
        m_found = {};
        ask(dnsTypeA);
    }

    [[nodiscard]] Error refusal(const DnsMessage& message) const {
        const unsigned error = message.tsig ? message.tsig->error : 0U;
        const std::string zone = "\"" + m_way.m_settings.zone + "\"";
        const std::string key = "\"" + m_key.name + "\" of " + m_way.m_settings.keyFile;
        std::string words = dnsErrorWord(message.code) + (error != 0 ? ", " + dnsErrorWord(error) : "");
        std::string remedy = "look at the DNS server's log";
        if (error == 16) {
            remedy = "the server has another secret for the key " + key + ": copy the key anew";
        } else if (error == 17) {
            remedy = "the server does not know the key " + key + ", or not with this algorithm: name it there";
        } else if (error == 18) {
            std::uint64_t theirs = 0;
            for (const std::uint8_t each : message.tsig->other)
                theirs = theirs << 8 | each;
            if (message.tsig->other.size() == 6) {
                const auto apart = static_cast<std::int64_t>(theirs - secondsNow());
                words += ": its clock is " + std::to_string(apart < 0 ? -apart : apart) + " s " +
                         (apart < 0 ? "behind" : "ahead of") + " ours";
            }
            remedy = "set the clocks of this host and of the DNS server (NTP)";
        } else if (message.code == dnsRefused) {
            remedy = "let the key " + key + " update the name in the zone (BIND: update-policy or allow-update)";
        } else if (message.code == dnsNotAuth) {
            remedy = "this server is not the zone's own: name the primary of " + zone;
        } else if (message.code == dnsNotZone) {
            remedy = "the name is not inside the zone " + zone + ": correct host or zone";
        }
        return Error{"update", subject(), words, remedy};
    }

    const DnsWay& m_way;
    model::DnsServer m_server;
    std::function<void()> m_ended;
    std::unique_ptr<DnsExchange> m_exchange;
    TsigKey m_key;
    DnsBytes m_mac; // of our update
    bool m_updated = false;
    bool m_authoritative = false;
    DnsAddresses m_found;
    std::optional<std::string> m_wasOther;
    std::optional<Result<std::string>> m_result;
};

DnsWay::DnsWay(std::string host, model::AliasDns settings, std::vector<IpAddress> addresses, Duration patience)
    : m_host(std::move(host)), m_settings(std::move(settings)), m_addresses(std::move(addresses)),
      m_patience(patience) {
    std::sort(m_addresses.begin(), m_addresses.end());
}

DnsWay::~DnsWay() = default;

void DnsWay::attempt(bool claim, Done done) {
    m_talks.clear();
    m_done = std::move(done);
    for (const model::DnsServer& server : m_settings.servers)
        m_talks.push_back(std::make_unique<Talk>(*this, server, [this] { ended(); }));
    // All are there before the first may end: a key that can't be read ends a talk at once.
    for (std::size_t i = 0; i < m_talks.size(); ++i)
        m_talks[i]->start(claim);
}

void DnsWay::ended() {
    std::optional<Error> trouble;
    std::string text;
    std::size_t failed = 0;
    for (const auto& talk : m_talks) {
        if (!talk->result()) return;
        const Result<std::string>& result = *talk->result();
        if (result)
            text += (text.empty() ? "" : "; ") + result.value();
        else if (++failed == 1)
            trouble = result.error();
    }
    const Done done = std::exchange(m_done, nullptr);
    if (!done) return;
    if (!trouble) return done(text);
    if (failed > 1)
        trouble->cameBack +=
            " (" + std::to_string(failed) + " of " + std::to_string(m_talks.size()) + " servers failed)";
    done(*trouble);
}

void DnsWay::leave(std::function<void()> done) {
    m_done = nullptr;
    m_talks.clear();
    done();
}

} // namespace dyad::network
