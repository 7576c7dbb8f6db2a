/*
 * What libcrypto's own CMS functions cost, without any SMTP, MIME or Base64 around them: the yardstick of the benchmark.
 *
 *   cms-loop secure KEY CERT RECIPIENT MESSAGE COUNT [OUTPUT]   CMS_sign, then CMS_encrypt (AES-256-GCM)
 *   cms-loop open   KEY CERT SENDER    MESSAGE COUNT            CMS_decrypt, then CMS_verify
 *
 * secure: KEY and CERT sign, RECIPIENT is encrypted to. open: KEY and CERT decrypt, SENDER is trusted, and MESSAGE is what
 * "secure" wrote to OUTPUT. Prints user and system time of the loop alone in nanoseconds, and the largest resident memory
 * in KiB.
 */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static void fail(const char *what)
{
    fprintf(stderr, "cms-loop: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static BIO *open_file(const char *path)
{
    BIO *file = BIO_new_file(path, "rb");
    if (file == NULL)
        fail(path);
    return file;
}

static X509 *read_certificate(const char *path)
{
    BIO *file = open_file(path);
    X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
    BIO_free(file);
    if (certificate == NULL)
        fail(path);
    return certificate;
}

static EVP_PKEY *read_key(const char *path)
{
    BIO *file = open_file(path);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
    BIO_free(file);
    if (key == NULL)
        fail(path);
    return key;
}

static char *read_message(const char *path, long *length)
{
    FILE *file = fopen(path, "rb");
    char *octets;
    if (file == NULL)
        fail(path);
    fseek(file, 0, SEEK_END);
    *length = ftell(file);
    rewind(file);
    octets = malloc((size_t)*length);
    if (octets == NULL || fread(octets, 1, (size_t)*length, file) != (size_t)*length)
        fail(path);
    fclose(file);
    return octets;
}

static BIO *secure(X509 *signer, EVP_PKEY *key, STACK_OF(X509) *recipients, const char *message, long length)
{
    BIO *input = BIO_new_mem_buf(message, (int)length), *middle = BIO_new(BIO_s_mem()), *output = BIO_new(BIO_s_mem());
    CMS_ContentInfo *inner, *outer;

    inner = CMS_sign(signer, key, NULL, input, CMS_BINARY | CMS_STREAM);
    if (inner == NULL || i2d_CMS_bio_stream(middle, inner, input, CMS_BINARY | CMS_STREAM) != 1)
        fail("CMS_sign");
    outer = CMS_encrypt(recipients, middle, EVP_aes_256_gcm(), CMS_BINARY | CMS_STREAM);
    if (outer == NULL || i2d_CMS_bio_stream(output, outer, middle, CMS_BINARY | CMS_STREAM) != 1)
        fail("CMS_encrypt");
    CMS_ContentInfo_free(inner);
    CMS_ContentInfo_free(outer);
    BIO_free(input);
    BIO_free(middle);
    return output;
}

static void open_message(X509 *own, EVP_PKEY *key, X509_STORE *trusted, const char *message, long length)
{
    BIO *input = BIO_new_mem_buf(message, (int)length), *middle = BIO_new(BIO_s_mem()), *output = BIO_new(BIO_s_mem());
    CMS_ContentInfo *outer, *inner;

    outer = d2i_CMS_bio(input, NULL);
    if (outer == NULL || CMS_decrypt(outer, key, own, NULL, middle, CMS_BINARY) != 1)
        fail("CMS_decrypt");
    inner = d2i_CMS_bio(middle, NULL);
    if (inner == NULL || CMS_verify(inner, NULL, trusted, NULL, output, CMS_BINARY) != 1)
        fail("CMS_verify");
    CMS_ContentInfo_free(inner);
    CMS_ContentInfo_free(outer);
    BIO_free(input);
    BIO_free(middle);
    BIO_free(output);
}

static long long cpu_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
    STACK_OF(X509) *recipients = sk_X509_new_null();
    X509_STORE *trusted = X509_STORE_new();
    EVP_PKEY *key;
    X509 *own, *other;
    char *message;
    long length, count;
    long long start;
    int securing;
    struct rusage usage;

    if (argc != 7 && argc != 8)
        fail("usage: cms-loop secure|open KEY CERT OTHER MESSAGE COUNT [OUTPUT]");
    securing = strcmp(argv[1], "secure") == 0;
    key = read_key(argv[2]);
    own = read_certificate(argv[3]);
    other = read_certificate(argv[4]);
    message = read_message(argv[5], &length);
    count = atol(argv[6]);
    sk_X509_push(recipients, other);
    X509_STORE_add_cert(trusted, other);
    X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN);

    start = cpu_nanoseconds();
    for (long i = 0; i < count; i++) {
        if (securing)
            BIO_free(secure(own, key, recipients, message, length));
        else
            open_message(own, key, trusted, message, length);
    }
    start = cpu_nanoseconds() - start;
    getrusage(RUSAGE_SELF, &usage);
    printf("%lld %ld\n", start, usage.ru_maxrss);

    if (securing && argc == 8) {
        BIO *result = secure(own, key, recipients, message, length), *file = BIO_new_file(argv[7], "wb");
        char *octets;
        long size = BIO_get_mem_data(result, &octets);
        if (file == NULL || BIO_write(file, octets, (int)size) != size)
            fail(argv[7]);
        BIO_free(file);
        BIO_free(result);
    }
    return 0;
}
