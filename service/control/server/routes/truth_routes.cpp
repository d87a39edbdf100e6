// SPDX-License-Identifier: Apache-2.0
#include "control/server/routes/truth_routes.h"

#include "control/protocol/truth_json.h"
#include "control/truth/contradictions.h"

#include <QJsonArray>

namespace dyad::control {

Routes truthRoutes(ports::TruthPort& truth) {
    return {{"GET", "/v1/truth", AccessRole::Viewer, [&truth](const Call& call) {
                 truth.look([call](const Result<model::NodeTruth>& seen) {
                     if (!seen) return call.refuse(503, seen.error());
                     QJsonArray contradictions;
                     for (const model::Contradiction& each : contradictionsOf(seen.value()))
                         contradictions.append(toJson(each));
                     QJsonObject object = toJson(seen.value());
                     object.insert(QStringLiteral("contradictions"), contradictions);
                     call.answer(object);
                 });
             }}};
}

} // namespace dyad::control
