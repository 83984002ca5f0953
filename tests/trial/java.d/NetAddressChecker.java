// SPDX-License-Identifier: Apache-2.0
package com.webank.ai.fate.serving.admin.utils;

import com.webank.ai.fate.serving.admin.services.ComponentService;
import com.webank.ai.fate.serving.core.exceptions.RemoteRpcException;
import org.springframework.stereotype.Component;

/** Goes before the console's own class, which asks an empty list and so refuses every address. This one asks the list that is kept. */
@Component
public class NetAddressChecker {
    private static ComponentService known;

    public NetAddressChecker(ComponentService service) {
        known = service;
    }

    public static void check(String host, Integer port) {
        if (known == null || !known.isAllowAccess(host, port))
            throw new RemoteRpcException("not registered: " + host + ":" + port);
    }
}
