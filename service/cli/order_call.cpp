// SPDX-License-Identifier: Apache-2.0
#include "cli/order_call.h"

#include "cli/exit_codes.h"
#include "cli/output.h"
#include "control/client/client.h"

#include <QCoreApplication>

namespace dyad::cli {

int sayAnswer(const model::OrderAnswer& answer, bool json) {
    if (json)
        printJson(control::toJson(answer));
    else if (answer.accepted)
        print(answer.text + "\n");
    else
        complain("refused: " + answer.text);
    return answer.accepted ? exit_code::ok : exit_code::failed;
}

int postAnswered(const Arguments& arguments, const Access& access, const QString& target, const QByteArray& body) {
    control::Client client(access.all());
    client.post(target, body, [&](const control::Reply<model::OrderAnswer>& reply) {
        QCoreApplication::exit(reply.ok() ? sayAnswer(reply.value(), arguments.json)
                                          : report(reply.failure(), arguments.json));
    });
    return QCoreApplication::exec();
}

} // namespace dyad::cli
