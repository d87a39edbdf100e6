// SPDX-License-Identifier: Apache-2.0
#include "agents/probe.h"

#include "agents/carrier_probe.h"
#include "agents/greeting_probe.h"
#include "agents/http_probe.h"
#include "agents/ping_probe.h"
#include "agents/script_probe.h"
#include "agents/sql_probe.h"
#include "agents/tcp_probe.h"
#include "base/overloaded.h"

namespace dyad::agents {

std::unique_ptr<ProbeRunner> makeProbe(const model::Probe& probe, const std::string& label) {
    return std::visit(Overloaded{
                          [](const model::TcpProbe& tcp) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<TcpProbeRunner>(tcp);
                          },
                          [&](const model::ScriptProbe& script) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<ScriptProbeRunner>(script, label);
                          },
                          [](const model::SqlProbe& sql) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<SqlProbeRunner>(
                                  SqlProbeSettings{.connection = sql.connection, .query = sql.query});
                          },
                          [](const model::HttpProbe& http) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<HttpProbeRunner>(http);
                          },
                          [](const model::GreetingProbe& greeting) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<GreetingProbeRunner>(greeting);
                          },
                          [](const model::PingProbe& ping) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<PingProbeRunner>(ping);
                          },
                          [](const model::CarrierProbe& carrier) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<CarrierProbeRunner>(carrier);
                          },
                      },
                      probe);
}

} // namespace dyad::agents
