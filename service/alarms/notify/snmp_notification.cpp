// SPDX-License-Identifier: Apache-2.0
#include "alarms/notify/snmp_notification.h"

#include "alarms/notify/secret_file.h"

// The order counts: the library's configuration first.
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <QDateTime>

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

namespace dyad::alarms {

namespace {

constexpr long tryPatienceMicroseconds = 3'000'000;
constexpr int retries = 2;

// enterprises.netSnmp.netSnmpExperimental.netSnmpPlaypen.dyad: a place that net-snmp leaves free for what has no number
// of its own.
constexpr std::array<oid, 10> root{1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7410};
constexpr std::array<oid, 9> sysUpTime{1, 3, 6, 1, 2, 1, 1, 3, 0};
constexpr std::array<oid, 11> snmpTrapOid{1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

// DYAD-MIB: dyad 0 has the notifications, dyad 1 the objects; all of them are scalars.
constexpr oid raisedNotification = 1;
constexpr oid clearedNotification = 2;
enum Object : oid { Cluster = 1, Node, AlarmId, Severity, Text, Remedy, Changes, Time };

std::vector<oid> objectOid(Object object) {
    std::vector<oid> name(root.begin(), root.end());
    name.insert(name.end(), {1, object, 0});
    return name;
}

void addText(netsnmp_pdu* pdu, Object object, const std::string& text) {
    const std::vector<oid> name = objectOid(object);
    snmp_pdu_add_variable(pdu, name.data(), name.size(), ASN_OCTET_STR, text.data(), text.size());
}

void addNumber(netsnmp_pdu* pdu, Object object, u_char type, long number) {
    const std::vector<oid> name = objectOid(object);
    snmp_pdu_add_variable(pdu, name.data(), name.size(), type, &number, sizeof number);
}

void fill(netsnmp_pdu* pdu, const Notice& notice) {
    const long upTime = static_cast<long>(get_uptime()); // hundredths of a second
    snmp_pdu_add_variable(pdu, sysUpTime.data(), sysUpTime.size(), ASN_TIMETICKS, &upTime, sizeof upTime);
    std::vector<oid> which(root.begin(), root.end());
    which.insert(which.end(), {0, notice.raised ? raisedNotification : clearedNotification});
    snmp_pdu_add_variable(pdu, snmpTrapOid.data(), snmpTrapOid.size(), ASN_OBJECT_ID, which.data(),
                          which.size() * sizeof(oid));
    addText(pdu, Cluster, notice.cluster);
    addText(pdu, Node, notice.node);
    addText(pdu, AlarmId, notice.alarm);
    addNumber(pdu, Severity, ASN_INTEGER, static_cast<long>(notice.severity) + 1);
    addText(pdu, Text, notice.text);
    addText(pdu, Remedy, notice.remedy);
    addNumber(pdu, Changes, ASN_UNSIGNED, static_cast<long>(notice.changes));
    addText(pdu, Time,
            QDateTime::fromMSecsSinceEpoch(notice.wallClockMs, Qt::UTC).toString(Qt::ISODateWithMs).toStdString());
}

// The key of a user from his pass phrase (RFC 3414, A.2).
Result<void> makeKey(const std::string& file, const std::array<oid, 10>& authentication, u_char* key,
                     std::size_t* length) {
    const Result<QByteArray> secret = readSecret(file);
    if (!secret) return secret.error();
    if (secret.value().size() < USM_LENGTH_P_MIN)
        return Error{"read the secret", file, "it is shorter than eight characters",
                     "SNMPv3 demands eight (RFC 3414, 11.2)"};
    *length = USM_AUTH_KU_LEN;
    if (generate_Ku(authentication.data(), static_cast<u_int>(authentication.size()),
                    reinterpret_cast<const u_char*>(secret.value().constData()),
                    static_cast<std::size_t>(secret.value().size()), key, length) != SNMPERR_SUCCESS)
        return Error{"make the key of", file, "the library refused it", ""};
    return {};
}

constexpr std::array<oid, 10> sha256{1, 3, 6, 1, 6, 3, 10, 1, 1, 5}; // usmHMAC192SHA256AuthProtocol
constexpr std::array<oid, 10> aes128{1, 3, 6, 1, 6, 3, 10, 1, 2, 4}; // usmAESPrivProtocol

Result<void> secure(netsnmp_session& session, const SnmpWay& way) {
    session.version = SNMP_VERSION_3;
    session.securityModel = SNMP_SEC_MODEL_USM;
    session.securityLevel = way.privacyFile.empty() ? SNMP_SEC_LEVEL_AUTHNOPRIV : SNMP_SEC_LEVEL_AUTHPRIV;
    session.securityAuthProto = const_cast<oid*>(sha256.data()); // copied by snmp_open(), as all the session has
    session.securityAuthProtoLen = sha256.size();
    if (Result<void> made =
            makeKey(way.authenticationFile, sha256, session.securityAuthKey, &session.securityAuthKeyLen);
        !made)
        return made;
    if (way.privacyFile.empty()) return {};
    session.securityPrivProto = const_cast<oid*>(aes128.data());
    session.securityPrivProtoLen = aes128.size();
    return makeKey(way.privacyFile, sha256, session.securityPrivKey, &session.securityPrivKeyLen);
}

Error failed(const SnmpWay& way, const std::string& why) {
    return {
        "send an SNMP notification", way.receiver, why,
        "check address, port and secret of the receiver, and that its access rules take notifications of this host"};
}

std::string wordsOf(netsnmp_session* session) {
    char* text = nullptr;
    int systemError = 0;
    int libraryError = 0;
    snmp_error(session, &systemError, &libraryError, &text);
    std::string words = text != nullptr ? text : "unknown trouble";
    std::free(text); // NOLINT: the library has allocated it
    return words;
}

} // namespace

Result<void> sendSnmp(const SnmpWay& way, const Notice& notice) {
    // Neither files of the host's own configuration nor of the library's state are touched.
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_set_mib_directory("");
    setenv("MIBS", "", 1);
    snmp_disable_log();
    init_snmp("dyad-notify");

    QByteArray community;
    std::string peer = (way.receiver.starts_with('[') ? "udp6:" : "udp:") + way.receiver;
    std::string user = way.user;
    netsnmp_session session;
    snmp_sess_init(&session);
    session.peername = peer.data();
    session.timeout = tryPatienceMicroseconds;
    session.retries = retries;
    if (way.user.empty()) {
        Result<QByteArray> secret = readSecret(way.communityFile);
        if (!secret) return secret.error();
        community = std::move(secret).value();
        session.version = SNMP_VERSION_2c;
        session.community = reinterpret_cast<u_char*>(community.data());
        session.community_len = static_cast<std::size_t>(community.size());
    } else {
        session.securityName = user.data();
        session.securityNameLen = user.size();
        if (Result<void> secured = secure(session, way); !secured) return secured;
    }
    netsnmp_session* const open = snmp_open(&session);
    if (open == nullptr) return failed(way, wordsOf(&session));
    const std::unique_ptr<netsnmp_session, decltype(&snmp_close)> closing(open, &snmp_close);
    netsnmp_pdu* const pdu = snmp_pdu_create(way.trap ? SNMP_MSG_TRAP2 : SNMP_MSG_INFORM);
    fill(pdu, notice);
    if (way.trap) {
        if (snmp_send(open, pdu) != 0) return {};
        const Error error = failed(way, wordsOf(open));
        snmp_free_pdu(pdu);
        return error;
    }
    netsnmp_pdu* answer = nullptr;
    const int status = snmp_synch_response(open, pdu, &answer);
    const std::unique_ptr<netsnmp_pdu, decltype(&snmp_free_pdu)> freeing(answer, &snmp_free_pdu);
    if (status == STAT_TIMEOUT) return failed(way, "nobody has confirmed it");
    if (status != STAT_SUCCESS) return failed(way, wordsOf(open));
    if (answer->errstat != SNMP_ERR_NOERROR) return failed(way, snmp_errstring(static_cast<int>(answer->errstat)));
    return {};
}

} // namespace dyad::alarms
