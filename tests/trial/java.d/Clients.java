// SPDX-License-Identifier: Apache-2.0
import com.fasterxml.jackson.databind.ObjectMapper;
import com.webank.ai.fate.serving.core.bean.BatchInferenceRequest;
import com.webank.ai.fate.serving.core.bean.InferenceRequest;
import com.webank.ai.fate.serving.sdk.client.ClientBuilder;
import com.webank.ai.fate.serving.sdk.client.RegistedClient;
import java.io.File;

/** Clients HOST PORT ZOOKEEPER SINGLE BATCH: what the library's two clients get for the requests in two files, a line each. */
public class Clients {
    public static void main(String[] args) throws Exception {
        ObjectMapper json = new ObjectMapper();
        InferenceRequest one = json.readValue(new File(args[3]), InferenceRequest.class);
        BatchInferenceRequest many = json.readValue(new File(args[4]), BatchInferenceRequest.class);
        int port = Integer.parseInt(args[1]);
        RegistedClient client = ClientBuilder.getClientUseRegister(args[2]);
        client.setTimeout(20000);
        System.out.println("direct " + json.writeValueAsString(ClientBuilder.getClientWithoutRegister().setTimeout(20000).singleInference(args[0], port, one)));
        System.out.println("direct " + json.writeValueAsString(ClientBuilder.getClientWithoutRegister().setTimeout(20000).batchInference(args[0], port, many)));
        for (int tries = 0; ; tries++) {    // it hears of the services a little later
            try {
                System.out.println("registry " + json.writeValueAsString(client.singleInference(one)));
                break;
            } catch (IllegalArgumentException e) {
                if (tries == 300)
                    throw e;
                Thread.sleep(100);
            }
        }
        System.out.println("registry " + json.writeValueAsString(client.batchInference(many)));
        System.exit(0);
    }
}
