// SPDX-License-Identifier: Apache-2.0
#include "wire/sealing.h"

#include "base/byte_order.h"

#include <sodium.h>

#include <algorithm>

namespace dyad::wire {

namespace {

using namespace layout;
using Bytes = std::span<std::uint8_t>;
using ConstBytes = std::span<const std::uint8_t>;

static_assert(sealBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(sizeof(ClusterKey::bytes) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

constexpr std::size_t nonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
static_assert(nonceBytes == 8 + 8 + 1 + 1 + saltBytes);

constexpr std::size_t maxBodyBytes = groupsAt + model::maxGroups * groupBytes;

std::array<std::uint8_t, nonceBytes> nonceOf(ConstBytes header) {
    std::array<std::uint8_t, nonceBytes> nonce;
    auto at = std::copy_n(header.begin() + bootAt, 16, nonce.begin()); // boot digest and sequence
    at = std::copy_n(header.begin() + senderAt, 2, at);                // sender and link
    std::copy_n(header.begin() + saltAt, saltBytes, at);
    return nonce;
}

std::uint64_t bitsOf(std::int64_t number) { return static_cast<std::uint64_t>(number); }
std::int64_t loadSigned(ConstBytes at) { return static_cast<std::int64_t>(loadLittle<std::uint64_t>(at)); }

void writeHeader(const Heartbeat& heartbeat, const Salt& salt, Bytes header) {
    std::copy(magic.begin(), magic.end(), header.begin());
    storeLittle<std::uint16_t>(header.subspan(versionAt), version);
    storeLittle<std::uint16_t>(header.subspan(clusterAt), heartbeat.cluster);
    header[senderAt] = static_cast<std::uint8_t>(heartbeat.sender);
    header[linkAt] = heartbeat.link;
    std::copy(salt.begin(), salt.end(), header.begin() + saltAt);
    storeLittle<std::uint64_t>(header.subspan(bootAt), heartbeat.boot.value);
    storeLittle<std::uint64_t>(header.subspan(sequenceAt), heartbeat.sequence);
}

std::size_t writeBody(const Heartbeat& heartbeat, Bytes body) {
    const PlainStatus& status = heartbeat.status;
    storeLittle<std::uint64_t>(body.subspan(sentAtAt), bitsOf(heartbeat.sentAt.nanoseconds()));
    storeLittle<std::uint64_t>(body.subspan(echoBootAt), heartbeat.echo.boot.value);
    storeLittle<std::uint64_t>(body.subspan(echoSentAtAt), bitsOf(heartbeat.echo.sentAt.nanoseconds()));
    storeLittle<std::uint64_t>(body.subspan(echoHeldAt), bitsOf(heartbeat.echo.held.count()));
    storeLittle<std::uint64_t>(body.subspan(configurationDigestAt), status.configurationDigest);
    body[hearsAt] = heartbeat.hears;
    body[statusFlagsAt] = status.flags;
    body[groupCountAt] = status.groupCount;
    std::fill_n(body.begin() + bodyReservedAt, bodyReservedBytes, std::uint8_t{0});
    for (std::size_t i = 0; i < status.groupCount; ++i) {
        const Bytes group = body.subspan(groupsAt + i * groupBytes, groupBytes);
        storeLittle<std::uint32_t>(group.subspan(groupEpochAt), status.groups[i].epoch);
        group[groupRoleAt] = status.groups[i].role;
        group[groupFlagsAt] = status.groups[i].flags;
        storeLittle<std::uint16_t>(group.subspan(groupStandingAt), status.groups[i].standing);
        storeLittle<std::uint32_t>(group.subspan(groupTagAt), status.groups[i].tag);
    }
    return groupsAt + status.groupCount * groupBytes;
}

// False: sealed with our key, but not what writeBody() makes.
bool readBody(ConstBytes body, Heartbeat& heartbeat) {
    heartbeat.sentAt = Instant::fromNanoseconds(loadSigned(body.subspan(sentAtAt)));
    heartbeat.echo.boot = model::BootDigest(loadLittle<std::uint64_t>(body.subspan(echoBootAt)));
    heartbeat.echo.sentAt = Instant::fromNanoseconds(loadSigned(body.subspan(echoSentAtAt)));
    heartbeat.echo.held = Duration(loadSigned(body.subspan(echoHeldAt)));
    if (heartbeat.echo.held < Duration::zero()) return false;

    PlainStatus& status = heartbeat.status;
    status.configurationDigest = loadLittle<std::uint64_t>(body.subspan(configurationDigestAt));
    heartbeat.hears = body[hearsAt];
    status.flags = body[statusFlagsAt];
    status.groupCount = body[groupCountAt];
    const ConstBytes reserved = body.subspan(bodyReservedAt, bodyReservedBytes);
    if (std::any_of(reserved.begin(), reserved.end(), [](std::uint8_t byte) { return byte != 0; })) return false;
    if (status.groupCount > status.groups.size() || body.size() != groupsAt + status.groupCount * groupBytes)
        return false;
    for (std::size_t i = 0; i < status.groupCount; ++i) {
        const ConstBytes group = body.subspan(groupsAt + i * groupBytes, groupBytes);
        status.groups[i].epoch = loadLittle<std::uint32_t>(group.subspan(groupEpochAt));
        status.groups[i].role = group[groupRoleAt];
        status.groups[i].flags = group[groupFlagsAt];
        status.groups[i].standing = loadLittle<std::uint16_t>(group.subspan(groupStandingAt));
        status.groups[i].tag = loadLittle<std::uint32_t>(group.subspan(groupTagAt));
    }
    return status.wellFormed();
}

} // namespace

bool prepareSealing() { return sodium_init() >= 0; }

Salt randomSalt() {
    Salt salt;
    randombytes_buf(salt.data(), salt.size());
    return salt;
}

std::size_t seal(const Heartbeat& heartbeat, const ClusterKey& key, const Salt& salt, Datagram& out) {
    DYAD_CHECK(heartbeat.status.wellFormed() && heartbeat.link < model::maxLinks && heartbeat.boot.value != 0,
               "a heartbeat that no peer would believe was about to be sent");
    const Bytes header = Bytes(out).first(headerBytes);
    writeHeader(heartbeat, salt, header);

    std::array<std::uint8_t, maxBodyBytes> body;
    const std::size_t bodyBytes = writeBody(heartbeat, body);
    unsigned long long sealedBytes = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + headerBytes, &sealedBytes, body.data(), bodyBytes,
                                               header.data(), header.size(), nullptr, nonceOf(header).data(),
                                               key.bytes.data());
    return headerBytes + static_cast<std::size_t>(sealedBytes);
}

std::variant<Heartbeat, RejectReason> unseal(std::span<const std::uint8_t> datagram, const ClusterKey& key,
                                             std::uint16_t cluster) {
    // From the cheapest question to the dearest; what a stranger can send costs next to nothing.
    if (datagram.size() < minDatagramBytes) return RejectReason::Truncated;
    if (datagram.size() > maxDatagramBytes) return RejectReason::Oversize;
    const ConstBytes header = datagram.first(headerBytes);
    if (!std::equal(magic.begin(), magic.end(), header.begin())) return RejectReason::NotAHeartbeat;
    if (loadLittle<std::uint16_t>(header.subspan(versionAt)) != version) return RejectReason::UnknownVersion;

    Heartbeat heartbeat;
    heartbeat.cluster = loadLittle<std::uint16_t>(header.subspan(clusterAt));
    if (heartbeat.cluster != cluster) return RejectReason::ForeignCluster;

    std::array<std::uint8_t, maxBodyBytes> body;
    unsigned long long bodyBytes = 0;
    const ConstBytes sealed = datagram.subspan(headerBytes);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(body.data(), &bodyBytes, nullptr, sealed.data(), sealed.size(),
                                                   header.data(), header.size(), nonceOf(header).data(),
                                                   key.bytes.data()) != 0)
        return RejectReason::Forged;

    const std::uint8_t sender = header[senderAt];
    if (sender != static_cast<std::uint8_t>(model::NodeId::First) &&
        sender != static_cast<std::uint8_t>(model::NodeId::Second))
        return RejectReason::Malformed;
    heartbeat.sender = static_cast<model::NodeId>(sender);
    heartbeat.link = header[linkAt];
    heartbeat.boot = model::BootDigest(loadLittle<std::uint64_t>(header.subspan(bootAt)));
    heartbeat.sequence = loadLittle<std::uint64_t>(header.subspan(sequenceAt));
    if (heartbeat.link >= model::maxLinks || heartbeat.boot.value == 0) return RejectReason::Malformed;
    if (!readBody(ConstBytes(body).first(static_cast<std::size_t>(bodyBytes)), heartbeat))
        return RejectReason::Malformed;
    return heartbeat;
}

} // namespace dyad::wire
