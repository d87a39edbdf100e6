// SPDX-License-Identifier: Apache-2.0
// One POST that ends in an answer "accepted or refused, because …", said as every order is.
#pragma once

#include "cli/service_access.h"
#include "model/view.h"

#include <QByteArray>

namespace dyad::cli {

[[nodiscard]] int sayAnswer(const model::OrderAnswer& answer, bool json);
// Gives the exit code; runs the event loop.
[[nodiscard]] int postAnswered(const Arguments& arguments, const Access& access, const QString& target,
                               const QByteArray& body);

} // namespace dyad::cli
