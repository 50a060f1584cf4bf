/* Verifies one document again and again with libxmlsec1: parse, register the IDs, verify with a pinned key.
 *
 *   xmlsec1 <document> <certificate.der>
 *
 * Reads a number per line, verifies that often, and answers with the nanoseconds that it took. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

static void fail(const char *what) {
    fprintf(stderr, "xmlsec1: %s\n", what);
    exit(1);
}

static char *contents(const char *path, int *length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail(path);
    long size = ftell(file);
    rewind(file);
    char *bytes = malloc(size);
    if (bytes == NULL || fread(bytes, 1, size, file) != (size_t)size) fail(path);
    fclose(file);
    *length = (int)size;
    return bytes;
}

static void verify(const char *document, int length, xmlSecKeyPtr key) {
    static const xmlChar *ids[] = {BAD_CAST "ID", NULL};
    xmlDocPtr parsed = xmlReadMemory(document, length, NULL, NULL, XML_PARSE_NONET);
    if (parsed == NULL) fail("the document is not XML");
    xmlNodePtr root = xmlDocGetRootElement(parsed);
    xmlSecAddIDs(parsed, root, ids);
    xmlNodePtr signature = xmlSecFindNode(root, xmlSecNodeSignature, xmlSecDSigNs);
    if (signature == NULL) fail("nothing is signed");
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    if (context == NULL) fail("no context");
    context->signKey = xmlSecKeyDuplicate(key);
    if (xmlSecDSigCtxVerify(context, signature) < 0) fail("the signature cannot be processed");
    if (context->status != xmlSecDSigStatusSucceeded) fail("the signature does not verify");
    xmlSecDSigCtxDestroy(context);
    xmlFreeDoc(parsed);
}

int main(int count, char **arguments) {
    if (count != 3) fail("needs a document and a certificate");
    xmlInitParser();
    if (xmlSecInit() < 0) fail("does not start");
#ifdef XMLSEC_CRYPTO_DYNAMIC_LOADING
    if (xmlSecCryptoDLLoadLibrary(NULL) < 0) fail("finds no cryptography");
#endif
    if (xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0) fail("has no cryptography");
    int length;
    char *document = contents(arguments[1], &length);
    xmlSecKeyPtr key = xmlSecCryptoAppKeyLoad(arguments[2], xmlSecKeyDataFormatCertDer, NULL, NULL, NULL);
    if (key == NULL) fail("the certificate has no key");
    long times;
    while (scanf("%ld", &times) == 1) {
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        for (long each = 0; each < times; each++) verify(document, length, key);
        clock_gettime(CLOCK_MONOTONIC, &after);
        printf("%lld\n", (after.tv_sec - before.tv_sec) * 1000000000LL + (after.tv_nsec - before.tv_nsec));
        fflush(stdout);
    }
    return 0;
}
