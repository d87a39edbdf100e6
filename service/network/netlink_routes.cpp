// SPDX-License-Identifier: Apache-2.0
#include "network/netlink_routes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/rtnetlink.h>

#include "network/netlink_addresses.h"
#include "network/netlink_messages.h"
#include "network/netlink_socket.h"
#include "platform/linux/system_error.h"

namespace dyad::network {

namespace {

constexpr std::uint32_t usualMetricOfSix = 1024; // what the kernel makes of no metric (IP6_RT_PRIO_USER)

Result<int> changeRoute(int type, int flags, const Route& route) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(0);
    if (!socket) return socket.error();
    NetlinkRequest request(type, NLM_F_ACK | flags);
    auto* body = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request.header, sizeof(rtmsg)));
    body->rtm_family = route.destination.six ? AF_INET6 : AF_INET;
    body->rtm_dst_len = route.prefixLength;
    body->rtm_table = route.table < 256 ? static_cast<std::uint8_t>(route.table) : std::uint8_t{RT_TABLE_UNSPEC};
    body->rtm_protocol = routeProtocol;
    body->rtm_type = RTN_UNICAST;
    body->rtm_scope = route.gateway || route.destination.six ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    mnl_attr_put_u32(request.header, RTA_TABLE, route.table);
    if (route.prefixLength > 0) putAddress(request, RTA_DST, route.destination);
    mnl_attr_put_u32(request.header, RTA_OIF, static_cast<std::uint32_t>(route.interface));
    if (route.gateway) putAddress(request, RTA_GATEWAY, *route.gateway);
    if (route.metric > 0) mnl_attr_put_u32(request.header, RTA_PRIORITY, route.metric);
    if (route.source) putAddress(request, RTA_PREFSRC, *route.source);
    return socket.value().request(request.header, [](const nlmsghdr*) {});
}

bool parseRoute(const nlmsghdr* message, Route& route) {
    if (message->nlmsg_type != RTM_NEWROUTE) return false;
    const auto* body = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
    if ((body->rtm_family != AF_INET && body->rtm_family != AF_INET6) || body->rtm_protocol != routeProtocol ||
        (body->rtm_flags & RTM_F_CLONED) != 0)
        return false;
    const bool six = body->rtm_family == AF_INET6;
    route.destination.six = six;
    route.prefixLength = body->rtm_dst_len;
    route.table = body->rtm_table;
    forEachAttribute(message, sizeof *body, [&](const nlattr* attribute) {
        const std::uint16_t size = mnl_attr_get_payload_len(attribute);
        const auto number = [&] { return size == sizeof(std::uint32_t) ? mnl_attr_get_u32(attribute) : 0; };
        const auto address = [&](IpAddress& to) {
            to.six = six;
            if (size == to.used().size()) std::memcpy(to.bytes.data(), mnl_attr_get_payload(attribute), size);
        };
        switch (mnl_attr_get_type(attribute)) {
        case RTA_TABLE: route.table = number(); break;
        case RTA_DST: address(route.destination); break;
        case RTA_OIF: route.interface = static_cast<int>(number()); break;
        case RTA_GATEWAY: address(route.gateway.emplace()); break;
        case RTA_PRIORITY: route.metric = number(); break;
        case RTA_PREFSRC: address(route.source.emplace()); break;
        default: break;
        }
    });
    return true;
}

bool sameRoute(const Route& wanted, const Route& found) {
    const bool sameMetric = wanted.metric == found.metric ||
                            (wanted.destination.six && wanted.metric == 0 && found.metric == usualMetricOfSix);
    return sameMetric && wanted.destination == found.destination && wanted.prefixLength == found.prefixLength &&
           wanted.interface == found.interface && wanted.gateway == found.gateway && wanted.source == found.source &&
           wanted.table == found.table;
}

Result<bool> isThere(const Route& wanted) {
    const Result<std::vector<Route>> all = listOwnRoutes(wanted.destination.six);
    if (!all) return all.error();
    return std::any_of(all.value().begin(), all.value().end(),
                       [&](const Route& each) { return sameRoute(wanted, each); });
}

} // namespace

std::string Route::text() const {
    return destination.text() + "/" + std::to_string(prefixLength) + (gateway ? " via " + gateway->text() : "") +
           (metric > 0 ? " metric " + std::to_string(metric) : "") +
           (table != mainTable ? " table " + std::to_string(table) : "") + (source ? " src " + source->text() : "");
}

Result<std::vector<Route>> listOwnRoutes(bool six) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(0);
    if (!socket) return socket.error();
    NetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP);
    auto* body = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request.header, sizeof(rtmsg)));
    body->rtm_family = six ? AF_INET6 : AF_INET;
    std::vector<Route> found;
    const Result<int> number = socket.value().request(request.header, [&](const nlmsghdr* message) {
        Route route;
        if (found.size() < maxListed && parseRoute(message, route)) found.push_back(std::move(route));
    });
    if (!number) return number.error();
    if (number.value() != 0) return platform::systemError("list", "routes", number.value());
    return found;
}

Result<void> ensureRoute(const Route& route) {
    const Result<bool> before = isThere(route);
    if (!before) return before.error();
    if (before.value()) return {};
    const Result<int> number = changeRoute(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
    if (!number) return number.error();
    if (number.value() == EEXIST)
        return Error{"add route", route.text(), "there is another one of this destination and metric",
                     "Give it a metric of its own, or remove the other one"};
    if (number.value() == ENETUNREACH || number.value() == EHOSTUNREACH || number.value() == EINVAL)
        return platform::systemError("add route", route.text(), number.value(),
                                     "Its router must be in a subnet of the interface");
    if (number.value() != 0) return platform::systemError("add route", route.text(), number.value());
    const Result<bool> after = isThere(route);
    if (!after) return after.error();
    if (!after.value())
        return Error{"add route", route.text(), "the kernel took it, but does not show it",
                     "See `ip route show proto 215`"};
    return {};
}

Result<void> removeRoute(const Route& route) {
    const Result<bool> there = isThere(route);
    if (!there) return there.error();
    if (!there.value()) return {};
    const Result<int> number = changeRoute(RTM_DELROUTE, 0, route);
    if (!number) return number.error();
    if (number.value() != 0 && number.value() != ESRCH && number.value() != ENODEV)
        return platform::systemError("remove route", route.text(), number.value());
    return {};
}

} // namespace dyad::network
